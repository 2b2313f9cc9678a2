// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/require"

	"github.com/wifiprov/wifiprov/cmd/internal/cli"
)

const deployed = "../../deploy/k8s"

// Manifests, as far as the tests look at them. Unknown keys are errors, since a key that
// is misspelt does nothing.
type (
	object struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   struct {
			Name                string
			Labels, Annotations map[string]string
		}
		Spec struct {
			// Service
			ClusterIP                string `yaml:"clusterIP"`
			PublishNotReadyAddresses bool   `yaml:"publishNotReadyAddresses"`
			Selector                 any
			Ports                    []struct {
				Name       string
				Port       int
				TargetPort string `yaml:"targetPort"`
			}
			// StatefulSet
			ServiceName         string `yaml:"serviceName"`
			Replicas            int
			PodManagementPolicy string `yaml:"podManagementPolicy"`
			// Job
			CompletionMode       string `yaml:"completionMode"`
			Completions          int
			Parallelism          int
			BackoffLimitPerIndex int `yaml:"backoffLimitPerIndex"`
			PodFailurePolicy     struct {
				Rules []struct {
					Action      string
					OnExitCodes struct {
						ContainerName string `yaml:"containerName"`
						Operator      string
						Values        []int
					} `yaml:"onExitCodes"`
					OnPodConditions []struct{ Type, Status string } `yaml:"onPodConditions"`
				}
			} `yaml:"podFailurePolicy"`
			Template struct {
				Metadata struct{ Labels, Annotations map[string]string }
				Spec     pod
			}
			// PersistentVolumeClaim
			AccessModes []string `yaml:"accessModes"`
			Resources   any
		}
	}
	pod struct {
		RestartPolicy                string         `yaml:"restartPolicy"`
		AutomountServiceAccountToken *bool          `yaml:"automountServiceAccountToken"`
		SecurityContext              map[string]any `yaml:"securityContext"`
		Containers                   []container
		Volumes                      []struct {
			Name                  string
			ConfigMap             struct{ Name string } `yaml:"configMap"`
			PersistentVolumeClaim struct {
				ClaimName string `yaml:"claimName"`
			} `yaml:"persistentVolumeClaim"`
		}
	}
	container struct {
		Name, Image     string
		ImagePullPolicy string `yaml:"imagePullPolicy"`
		Args            []string
		Env             []struct {
			Name, Value string
			ValueFrom   struct {
				FieldRef struct {
					FieldPath string `yaml:"fieldPath"`
				} `yaml:"fieldRef"`
				SecretKeyRef struct{ Name, Key string } `yaml:"secretKeyRef"`
			} `yaml:"valueFrom"`
		}
		Ports []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		ReadinessProbe  any            `yaml:"readinessProbe"`
		Resources       any            `yaml:"resources"`
		SecurityContext map[string]any `yaml:"securityContext"`
		VolumeMounts    []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	kustomization struct {
		APIVersion         string `yaml:"apiVersion"`
		Kind               string
		Resources          []string
		ConfigMapGenerator []struct {
			Name  string
			Files []string
		} `yaml:"configMapGenerator"`
		SecretGenerator []struct {
			Name     string
			Literals []string
		} `yaml:"secretGenerator"`
		Images []struct {
			Name   string
			NewTag string `yaml:"newTag"`
		}
	}
)

// manifests are the objects of the base by kind.
func manifests(t *testing.T) (kustomization, map[string]object) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deployed, "kustomization.yaml"))
	require.NoError(t, err)
	var k kustomization
	require.NoError(t, yaml.UnmarshalWithOptions(text, &k, yaml.Strict()))
	all := map[string]object{}
	for _, name := range k.Resources {
		text, err := os.ReadFile(filepath.Join(deployed, name))
		require.NoError(t, err)
		d := yaml.NewDecoder(bytes.NewReader(text), yaml.Strict())
		for {
			var o object
			if err := d.Decode(&o); errors.Is(err, io.EOF) {
				break
			} else {
				require.NoError(t, err, name)
			}
			require.NotContains(t, all, o.Kind)
			all[o.Kind] = o
		}
	}
	return k, all
}

// The base has what a cluster takes, and what refers to something else finds it there.
func TestManifests(t *testing.T) {
	k, all := manifests(t)
	require.Equal(t, "kustomize.config.k8s.io/v1beta1 Kustomization", k.APIVersion+" "+k.Kind)
	files, err := os.ReadDir(deployed)
	require.NoError(t, err)
	used := append([]string{"kustomization.yaml"}, k.Resources...)
	for _, m := range k.ConfigMapGenerator {
		used = append(used, m.Files...)
	}
	for _, f := range files {
		require.Contains(t, used, f.Name(), "nothing uses the file")
	}
	for kind, version := range map[string]string{"Service": "v1", "StatefulSet": "apps/v1", "Job": "batch/v1", "PersistentVolumeClaim": "v1"} {
		require.Equal(t, version, all[kind].APIVersion, kind)
	}
	require.Len(t, all, 4)
	service, sim, job := all["Service"], all["StatefulSet"], all["Job"]
	labels := sim.Spec.Template.Metadata.Labels
	require.NotEmpty(t, labels)
	require.Equal(t, anyMap(labels), service.Spec.Selector)
	require.Equal(t, map[string]any{"matchLabels": anyMap(labels)}, sim.Spec.Selector)
	require.NotEqual(t, labels, job.Spec.Template.Metadata.Labels, "the service would hand out the batch's pods")
	require.Equal(t, "None", service.Spec.ClusterIP)
	require.Equal(t, service.Metadata.Name, sim.Spec.ServiceName)
	require.Equal(t, []string{"ReadWriteMany"}, all["PersistentVolumeClaim"].Spec.AccessModes)
	ports := sim.Spec.Template.Spec.Containers[0].Ports
	for i, p := range service.Spec.Ports {
		require.Equal(t, ports[i].Name, p.TargetPort)
		require.Equal(t, ports[i].ContainerPort, p.Port)
	}
	require.Equal(t, strconv.Itoa(ports[1].ContainerPort), sim.Spec.Template.Metadata.Annotations["prometheus.io/port"])
	for _, o := range []object{sim, job} {
		checkPod(t, k, all, o.Spec.Template.Spec)
	}
}

func checkPod(t *testing.T, k kustomization, all map[string]object, p pod) {
	t.Helper()
	require.False(t, *p.AutomountServiceAccountToken)
	require.Equal(t, true, p.SecurityContext["runAsNonRoot"])
	require.Len(t, p.Containers, 1)
	c := p.Containers[0]
	require.Equal(t, k.Images[0].Name, c.Image)
	require.Equal(t, true, c.SecurityContext["readOnlyRootFilesystem"])
	require.Equal(t, false, c.SecurityContext["allowPrivilegeEscalation"])
	var volumes []string
	for _, v := range p.Volumes {
		volumes = append(volumes, v.Name)
		if v.ConfigMap.Name != "" {
			require.Equal(t, k.ConfigMapGenerator[0].Name, v.ConfigMap.Name)
		} else {
			require.Equal(t, all["PersistentVolumeClaim"].Metadata.Name, v.PersistentVolumeClaim.ClaimName)
		}
	}
	for _, m := range c.VolumeMounts {
		require.Contains(t, volumes, m.Name)
	}
	for _, e := range c.Env {
		if s := e.ValueFrom.SecretKeyRef; s.Name != "" {
			require.Equal(t, k.SecretGenerator[0].Name, s.Name)
			require.True(t, strings.HasPrefix(k.SecretGenerator[0].Literals[0], s.Key+"="))
		}
	}
}

func anyMap(m map[string]string) map[string]any {
	to := map[string]any{}
	for k, v := range m {
		to[k] = v
	}
	return to
}

// Each exit status has the consequence that another try of it has a use for.
func TestJobPolicy(t *testing.T) {
	_, all := manifests(t)
	job, sim := all["Job"].Spec, all["StatefulSet"].Spec
	require.Equal(t, "Indexed", job.CompletionMode)
	require.Equal(t, "Never", job.Template.Spec.RestartPolicy, "a podFailurePolicy wants it")
	require.Positive(t, job.BackoffLimitPerIndex)
	require.Equal(t, sim.Replicas, job.Completions, "part N of the batch is for part N of the devices")
	actions := map[int]string{}
	for _, r := range job.PodFailurePolicy.Rules {
		for _, status := range r.OnExitCodes.Values {
			require.Equal(t, "In", r.OnExitCodes.Operator)
			require.Equal(t, job.Template.Spec.Containers[0].Name, r.OnExitCodes.ContainerName)
			actions[status] = r.Action
		}
	}
	require.Equal(t, map[int]string{cli.SomeFailed: "FailIndex", cli.NotDone: "FailJob"}, actions)
	var env []string
	for _, e := range job.Template.Spec.Containers[0].Env {
		env = append(env, e.Name)
		if e.Name == "ESPPROV_SHARDS" {
			require.Equal(t, strconv.Itoa(job.Completions), e.Value)
		}
	}
	require.Subset(t, env, []string{"JOB_COMPLETION_INDEX", "ESPPROV_SHARDS"})
}

// espprov takes the command lines of all pods, and the parts of the batch are all devices.
func TestCommandLines(t *testing.T) {
	_, all := manifests(t)
	shards := all["Job"].Spec.Completions
	f, err := os.Open(filepath.Join(deployed, "devices.csv"))
	require.NoError(t, err)
	defer f.Close()
	table, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	var names []string
	for _, row := range table[1:] {
		names = append(names, row[0])
	}
	t.Setenv("ESPPROV_SHARDS", strconv.Itoa(shards))
	t.Setenv("WIFI_PASSPHRASE", "correct horse")
	devices, simulated := 0, []string{}
	for index := range shards {
		t.Setenv("JOB_COMPLETION_INDEX", strconv.Itoa(index))
		local := strings.NewReplacer("/config/", deployed+"/", "$(JOB_COMPLETION_INDEX)", strconv.Itoa(index), "$(POD_INDEX)", strconv.Itoa(index),
			"0.0.0.0", "127.0.0.1", "=8080", "=0", ":8081", ":0")
		args := func(kind string, more ...string) []string {
			var args []string
			for _, a := range all[kind].Spec.Template.Spec.Containers[0].Args {
				args = append(args, local.Replace(a))
			}
			return slices.Insert(args, 1, more...)
		}
		var out, errs bytes.Buffer
		status := run(slices.DeleteFunc(args("Job", "--dry-run"), func(a string) bool { return a == "--json" }), cli.Streams{Out: &out, Err: &errs})
		require.Zero(t, status, errs.String())
		var n int
		_, err := fmt.Sscanf(out.String(), deployed+"/devices.csv: %d devices, and nothing is wrong", &n)
		require.NoError(t, err, out.String())
		devices += n

		out.Reset()
		require.Zero(t, run(args("StatefulSet", "--for", "1ms"), cli.Streams{Out: &out, Err: &errs}), errs.String())
		here := 0
		for line := range strings.Lines(out.String()) {
			if _, rest, ok := strings.Cut(line, `"device":"`); ok && strings.Contains(line, `"event":"ADDRESS"`) {
				name, _, _ := strings.Cut(rest, `"`)
				simulated = append(simulated, name)
				here++
			}
		}
		require.Equal(t, n, here, "part %d of the batch is not part %[1]d of the devices", index)
	}
	require.Len(t, names, devices)
	slices.Sort(simulated)
	require.Equal(t, names, simulated)
}

// SPDX-License-Identifier: Apache-2.0

package factory

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wifiprov/wifiprov/internal/files"
	"github.com/wifiprov/wifiprov/store/nvs"
)

// task is a row, with what an earlier run reported about it.
type task struct {
	row
	before *Record // nil: nothing
}

// outcome is what came of a task.
type outcome struct {
	Record
	before bool
	err    error
}

// make makes everything, in the order of the list.
func (r *run) make(ctx context.Context) (sum Summary, err error) {
	for _, path := range r.files("") {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return sum, files.Error(filepath.Dir(path), err)
		}
	}
	report, err := openReport(r.Folder, r.Resume)
	if err != nil {
		return sum, err
	}
	defer func() {
		if err2 := report.close(r); err == nil {
			err = err2
		}
		var other *otherRun
		if err != nil && !errors.As(err, &other) {
			err = fmt.Errorf("%w: %w", ErrNotFinished, err)
		}
	}()
	err = each(ctx, r, func(row row) (task, error) {
		before, err := report.next()
		return task{row, before}, err
	}, r.work, func(o outcome) error {
		if o.err != nil {
			return o.err
		}
		sum.Devices++
		if o.before {
			sum.Before++
		} else {
			sum.Made++
			if err := report.add(o.Record); err != nil {
				return err
			}
		}
		if r.Done == nil {
			return nil
		}
		return r.Done(o.Record)
	})
	if err == nil && report.more() {
		err = otherf("%s: it has more devices than the list: go on with the list that the run began with", report.path)
	}
	return sum, err
}

// work makes the files of a device, or checks those that are there.
func (r *run) work(t task) outcome {
	if t.err != nil { // the list was changed since the check
		return outcome{err: r.named(t.err)}
	}
	name, why := r.name(t.row)
	if why != "" {
		return outcome{err: r.named(errors.New(why))}
	}
	o := outcome{before: t.before != nil}
	var err error
	if o.before {
		o.Record, err = *t.before, r.again(t.row, name, t.before)
	} else {
		o.Record, err = r.one(t.row, name)
	}
	if err != nil {
		o.err = fmt.Errorf("%s, line %d: %w", r.List, t.line(), err)
	}
	return o
}

// one makes the files of a device. The image comes last: a device with an image has all
// its files.
func (r *run) one(row row, name string) (Record, error) {
	d := r.device(row, false)
	table, err := r.Template.Fill(d.fill)
	if err != nil {
		return Record{}, err
	}
	o := r.Options
	rec := Record{ID: name, Line: row.line(), Image: imagePath(name), Size: o.Size}
	if r.DeviceKeys {
		if o.Keys, err = nvs.GenerateKeys(rand.Reader); err != nil {
			return rec, err
		}
		rec.KeyFile = keyPath(name)
	}
	rec.Encrypted = o.Keys != nil
	image, err := table.Image(o)
	if err != nil {
		return rec, err
	}
	if r.DeviceKeys {
		if err := r.Write(filepath.Join(r.Folder, rec.KeyFile), o.Keys.Partition()); err != nil {
			return rec, err
		}
	}
	if r.KeepCSV {
		if err := r.Write(filepath.Join(r.Folder, csvPath(name)), table.CSV()); err != nil {
			return rec, err
		}
	}
	path := filepath.Join(r.Folder, rec.Image)
	if err := r.Write(path, image); err != nil {
		return rec, err
	}
	if image, err = os.ReadFile(path); err != nil {
		return rec, err
	}
	rec.SHA256 = sum(image)
	if rec.Checked, err = table.Check(image, o.Keys, nil); err != nil {
		return rec, fmt.Errorf("%s: the image is not what was asked for: %w", path, err)
	}
	return rec, d.label(&rec)
}

// again checks a device that an earlier run finished. What was drawn may be anything.
func (r *run) again(row row, name string, before *Record) error {
	if before.ID != name {
		return otherf("the report has %s where the list has %s: go on with the list and the flags that the run began with",
			before.ID, name)
	}
	path := filepath.Join(r.Folder, imagePath(name))
	image, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if sum(image) != before.SHA256 {
		return otherf("%s: it is not the image that the report speaks of: put that one back, or begin anew in another folder", path)
	}
	keys := r.Options.Keys
	if r.DeviceKeys {
		b, err := os.ReadFile(filepath.Join(r.Folder, keyPath(name)))
		if err != nil {
			return err
		}
		if keys, err = nvs.ParseKeys(b); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(r.Folder, keyPath(name)), err)
		}
	}
	drawn := map[string]bool{}
	for _, p := range r.Template.Places() {
		if s := r.sources[p]; s.random != "" || s.part != "" {
			drawn[p.Key] = true
		}
	}
	table, err := r.Template.Fill(r.device(row, true).fill)
	if err != nil {
		return err
	}
	if _, err := table.Check(image, keys, func(_, key string) bool { return drawn[key] }); err != nil {
		return otherf("%s: an earlier run made it from other data: %v. Begin anew in another folder", path, err)
	}
	return nil
}

// otherRun is an error of going on with what is not this job's: trying again does not
// help.
type otherRun struct{ text string }

func (e *otherRun) Error() string { return e.text }

func otherf(format string, args ...any) error { return &otherRun{fmt.Sprintf(format, args...)} }

func sum(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

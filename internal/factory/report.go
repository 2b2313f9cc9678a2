// SPDX-License-Identifier: Apache-2.0

package factory

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/wifiprov/wifiprov/internal/files"
)

// Record is a line of the report. Paths begin at the folder of the run.
type Record struct {
	ID        string            `json:"id"`   // the name of its files
	Line      int               `json:"line"` // of the list
	Image     string            `json:"image"`
	Size      int               `json:"size"` // of the image, in bytes
	SHA256    string            `json:"sha256"`
	Encrypted bool              `json:"encrypted"`
	KeyFile   string            `json:"key_file,omitempty"`
	Checked   int               `json:"values_read_back"`
	Name      string            `json:"name,omitempty"`    // of the service, with Job.Service
	Secrets   map[string]string `json:"secrets,omitempty"` // with Job.Secrets: what was drawn, and pop
	QR        string            `json:"qr,omitempty"`      // text of the QR code, with Job.Service
}

// Names of the reports.
const (
	reportName = "report.jsonl"
	tableName  = "report.csv"
)

// report is the report of a run. A line that was written is kept; next reads those of an
// earlier run.
type report struct {
	path string
	file *os.File
	old  *bufio.Reader // nil: all was read
	end  int64         // of the whole lines
}

// openReport makes the report, or opens that of an earlier run.
func openReport(folder string, resume bool) (*report, error) {
	path := filepath.Join(folder, reportName)
	how := os.O_RDWR | os.O_CREATE
	if !resume {
		how |= os.O_EXCL
	}
	f, err := os.OpenFile(path, how, 0o600)
	if err != nil {
		return nil, files.Error(path, err)
	}
	return &report{path: path, file: f, old: bufio.NewReader(f)}, nil
}

// next returns the next line of an earlier run; nil behind the last one. A line without
// its end is what is left of a run that was killed, and does not count.
func (r *report) next() (*Record, error) {
	if r.old == nil {
		return nil, nil
	}
	b, err := r.old.ReadBytes('\n')
	if err == io.EOF {
		r.old = nil
		if err := r.file.Truncate(r.end); err != nil {
			return nil, err
		}
		_, err = r.file.Seek(r.end, io.SeekStart)
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	r.end += int64(len(b))
	rec := new(Record)
	if err := json.Unmarshal(b, rec); err != nil || rec.ID == "" {
		return nil, otherf("%s: the line that ends at byte %d is none of a report: begin anew in another folder", r.path, r.end)
	}
	return rec, nil
}

// more reports whether the earlier run had more devices.
func (r *report) more() bool {
	rec, err := r.next()
	return rec != nil || err != nil
}

// add writes a line, which survives a power cut from then on.
func (r *report) add(rec Record) error {
	b, err := json.Marshal(rec)
	if err != nil {
		return err
	}
	if _, err := r.file.Write(append(b, '\n')); err != nil {
		return err
	}
	return r.file.Sync() // a label may be printed next
}

// close ends the report, and writes its table.
func (r *report) close(run *run) error {
	err := r.table(run)
	if err2 := r.file.Close(); err == nil {
		err = err2
	}
	return err
}

// table writes the report as a CSV file, line by line.
func (r *report) table(run *run) error {
	if _, err := r.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return files.MakeFrom(filepath.Join(filepath.Dir(r.path), tableName), func(out io.Writer) error {
		heading := []string{"id", "line", "image", "size", "sha256", "encrypted", "key_file", "values_read_back", "name", "qr"}
		names := run.secretNames()
		w := csv.NewWriter(out)
		_ = w.Write(append(heading, names...)) // Flush has its error
		lines := bufio.NewScanner(r.file)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var rec Record
			if json.Unmarshal(bytes.TrimSpace(lines.Bytes()), &rec) != nil {
				continue // the rest of a killed run, where nothing was added
			}
			cells := []string{rec.ID, strconv.Itoa(rec.Line), rec.Image, strconv.Itoa(rec.Size), rec.SHA256,
				strconv.FormatBool(rec.Encrypted), rec.KeyFile, strconv.Itoa(rec.Checked), rec.Name, rec.QR}
			for _, name := range names {
				cells = append(cells, rec.Secrets[name])
			}
			_ = w.Write(cells)
		}
		w.Flush()
		return cmp.Or(lines.Err(), w.Error())
	})
}

// secretNames names what Record.Secrets has.
func (r *run) secretNames() []string {
	names := slices.Clone(r.random)
	if !r.Secrets {
		return nil
	}
	if r.pop >= 0 {
		names = append(names, popName)
	}
	return names
}

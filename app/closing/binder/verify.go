package binder

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/closing"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/app/reconcile"
)

// Report is what checking a binder came to.
type Report struct {
	Manifest Manifest
	SHA256   string   // of the manifest, as the audit log keeps it
	Events   int64    // of the audit log that were recomputed
	Withheld int64    // events about other connections, of which only the hashes are there
	Wrong    []string // what does not hold, in words; empty: the binder holds

	names map[string]bool // of the manifest's files
}

func (r *Report) wrong(format string, args ...any) {
	if len(r.Wrong) < mostWrong {
		r.Wrong = append(r.Wrong, fmt.Sprintf(format, args...))
	}
}

// Bounds of what a binder may take in memory: it comes from elsewhere.
const (
	maxManifest = 64 << 20
	maxRow      = 16 << 20 // of a table
	mostWrong   = 1000
)

// Verify checks a binder by itself, without any database: every file's hash,
// nothing missing or added, the chain of the audit events, and the totals. An
// error means that it is no binder at all.
func Verify(file io.ReaderAt, size int64) (Report, error) {
	var r Report
	archive, err := zip.NewReader(file, size)
	if err != nil {
		return r, fmt.Errorf("this is no binder: %w", err)
	}
	files := map[string]*zip.File{}
	for _, f := range archive.File {
		if files[f.Name] != nil {
			r.wrong("%s is in the binder twice", f.Name)
		}
		files[f.Name] = f
	}
	text, err := readAll(files[manifestFile])
	if err != nil {
		return r, fmt.Errorf("%s cannot be read: %w", manifestFile, err)
	}
	told := sha256.Sum256(text)
	r.SHA256 = hex.EncodeToString(told[:])
	if sum, err := readAll(files[sumFile]); err != nil {
		r.wrong("%s cannot be read: %v", sumFile, err)
	} else if strings.TrimSpace(string(sum)) != r.SHA256 {
		r.wrong("%s is not what %s says: its SHA-256 is %s", manifestFile, sumFile, r.SHA256)
	}
	if err := json.Unmarshal(text, &r.Manifest); err != nil || r.Manifest.Format != format {
		return r, errors.Join(fmt.Errorf("%s is not of the form %q", manifestFile, format), err)
	}
	for _, d := range r.Manifest.amounts() {
		if !money.Sane(d) {
			return r, fmt.Errorf("%s holds a number that no amount is", manifestFile)
		}
	}
	r.files(files)
	r.checklist(files[checklistFile])
	frozen := r.audit(files[auditFile])
	r.reconciled(files, frozen)
	r.journal(files[journalFile])
	r.settlements()
	return r, nil
}

func readAll(f *zip.File) ([]byte, error) {
	if f == nil {
		return nil, errors.New("it is missing")
	}
	in, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(in, maxManifest+1))
	if len(text) > maxManifest {
		return nil, fmt.Errorf("it has more than %d MB unpacked", maxManifest>>20)
	}
	return text, err
}

// files holds every file against its hash.
func (r *Report) files(files map[string]*zip.File) {
	known := map[string]bool{manifestFile: true, sumFile: true}
	r.names = map[string]bool{}
	for _, want := range r.Manifest.Files {
		if known[want.Name] {
			r.wrong("%s is in the manifest twice", want.Name)
		}
		known[want.Name], r.names[want.Name] = true, true
		f := files[want.Name]
		if f == nil {
			r.wrong("%s is missing", want.Name)
			continue
		}
		size, sum, err := hashOf(f, want.Size)
		switch {
		case err != nil:
			r.wrong("%s cannot be read: %v", want.Name, err)
		case size > want.Size:
			r.wrong("%s was changed: it has more than the %d bytes that the manifest says", want.Name, want.Size)
		case size != want.Size || sum != want.SHA256:
			r.wrong("%s was changed: it has %d bytes with the SHA-256 %s, the manifest says %d and %s", want.Name, size, sum, want.Size, want.SHA256)
		}
	}
	for _, name := range []string{checklistFile, checklistBook, journalFile, auditFile} {
		if !known[name] {
			r.wrong("%s is missing from the manifest", name)
		}
	}
	for _, name := range slices.Sorted(keysOf(files)) {
		if !known[name] {
			r.wrong("%s was added: the manifest does not name it", name)
		}
	}
}

func keysOf(files map[string]*zip.File) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for name := range files {
			if !yield(name) {
				return
			}
		}
	}
}

// hashOf reads a file, and not much more of it than there should be: a packed
// file may be a thousand times its size.
func hashOf(f *zip.File, size int64) (int64, string, error) {
	in, err := f.Open()
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = in.Close() }() // it was only read
	hash := sha256.New()
	read, err := io.Copy(hash, io.LimitReader(in, max(size, 0)+1))
	return read, hex.EncodeToString(hash.Sum(nil)), err
}

// checklist holds the frozen checklist against the hash that was approved.
func (r *Report) checklist(f *zip.File) {
	text, err := readAll(f)
	if err != nil {
		return // told already
	}
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != r.Manifest.Close.Checklist {
		r.wrong("%s is not the checklist that was approved", checklistFile)
	}
	list, err := closing.Thaw(string(text))
	if err != nil {
		r.wrong("%s cannot be read: %v", checklistFile, err)
		return
	}
	if list.Period != r.Manifest.Period || list.Connection != r.Manifest.Connection {
		r.wrong("%s is of period %s of %s", checklistFile, list.Period, list.Connection)
	}
	waived := slices.ContainsFunc(list.Items, func(i closing.Item) bool { return i.State == closing.Blocks && i.Waiver != "" })
	for _, s := range r.Manifest.Settlements {
		if !s.LeftOut.IsZero() && !waived {
			r.wrong("settlement %s: %s of the period are in no posted entry, and nothing was waived", s.AmazonID, s.LeftOut)
		}
	}
}

// table reads a CSV file row by row.
func (r *Report) table(name string, f *zip.File, head []string, row func([]string)) {
	if f == nil {
		return // told already
	}
	in, err := f.Open()
	if err != nil {
		return // told already
	}
	defer func() { _ = in.Close() }() // it was only read
	bounded := &rowLimit{in: in}
	rows := csv.NewReader(bounded)
	rows.FieldsPerRecord = len(head)
	first, err := rows.Read()
	if err != nil || !slices.Equal(first, head) {
		r.wrong("%s does not begin with its headings", name)
		return
	}
	for {
		bounded.read = 0
		cells, err := rows.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			r.wrong("%s cannot be read: %v", name, err)
			return
		}
		row(cells)
	}
}

// rowLimit ends a table in which a row never ends.
type rowLimit struct {
	in   io.Reader
	read int // since the last row
}

func (l *rowLimit) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if l.read += n; l.read > maxRow {
		return 0, fmt.Errorf("a row has more than %d MB", maxRow>>20)
	}
	return n, err
}

// audit recomputes the chain of the events, and returns the hashes of the
// reconciliations that were frozen with the close, by name.
func (r *Report) audit(f *zip.File) (frozen map[string]any) {
	a := r.Manifest.Audit
	last, next, closed := a.Before, a.First, false
	r.table(auditFile, f, auditHead, func(row []string) {
		event, content, before, hash := row[0], row[7], row[8], row[9]
		if event != strconv.FormatInt(next, 10) {
			r.wrong("%s: event %s stands where event %d belongs", auditFile, event, next)
		}
		if before != last {
			r.wrong("%s: event %s does not follow from the event before it", auditFile, event)
		}
		next++
		last = hash
		if content == "" {
			r.Withheld++
			return
		}
		r.Events++
		prev, err := hex.DecodeString(before)
		own := sha256.Sum256(append(bytes.Clone(prev), content...))
		if err != nil || hex.EncodeToString(own[:]) != hash {
			r.wrong("%s: the content of event %s differs from its hash", auditFile, event)
		}
		if after, its := r.event(row); its {
			closed = true
			frozen, _ = after["reconciliations"].(map[string]any)
		}
	})
	if next != a.Last+1 || last != a.Head {
		r.wrong("%s ends at event %d, the manifest says %d", auditFile, next-1, a.Last)
	}
	if !closed {
		r.wrong("%s does not hold the event that closed the period with this checklist", auditFile)
	}
	return frozen
}

// event holds the readable columns of an event against its content, and reports
// what it changed and whether it is the one that closed the period.
func (r *Report) event(row []string) (after map[string]any, closed bool) {
	var cells []any
	decoder := json.NewDecoder(strings.NewReader(row[7]))
	decoder.UseNumber()
	if err := decoder.Decode(&cells); err != nil || len(cells) != 12 {
		r.wrong("%s: the content of event %s is not that of an event", auditFile, row[0])
		return nil, false
	}
	shown := map[int]int{0: 0, 2: 3, 3: 4, 4: 5, 5: 6, 6: 10} // column: place in the content
	for column, place := range shown {
		if fmt.Sprint(cells[place]) != row[column] {
			r.wrong("%s: event %s says %q as its %s, its content says %q", auditFile, row[0], row[column], auditHead[column], fmt.Sprint(cells[place]))
		}
	}
	after, _ = cells[9].(map[string]any)
	return after, row[3] == "closed" && row[4] == "period_close" && row[5] == strconv.FormatInt(r.Manifest.Close.ID, 10) && after["checklist"] == r.Manifest.Close.Checklist
}

// reconciled holds the reconciliations against what was frozen with the close:
// nothing left out, nothing added, and sides that differ by their items.
func (r *Report) reconciled(files map[string]*zip.File, frozen map[string]any) {
	known := map[string]bool{}
	for _, x := range r.Manifest.Reconciled {
		if known[x.Name] {
			r.wrong("reconciliation %s is in the manifest twice", x.Name)
		}
		known[x.Name] = true
		if frozen[x.Name] != x.SHA256 {
			r.wrong("reconciliation %s is not the one that the period was closed with", x.Name)
		}
		r.listed("reconciliation "+x.Name, x.File)
		r.listed("reconciliation "+x.Name, x.Evidence)
		if text, err := readAll(files[x.Evidence]); err == nil { // otherwise told already
			r.evidence(x, text)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(frozen)) {
		if !known[name] {
			r.wrong("reconciliation %s, which the period was closed with, is missing from the manifest", name)
		}
	}
}

// evidence holds one reconciliation's number against its items.
func (r *Report) evidence(x Reconciled, text []byte) {
	if sum := sha256.Sum256(text); hex.EncodeToString(sum[:]) != x.SHA256 {
		r.wrong("%s is not what the period was closed with", x.Evidence)
	}
	f, err := reconcile.ReadFrozen(string(text))
	if err != nil {
		r.wrong("%s cannot be read: %v", x.Evidence, err)
		return
	}
	if err := f.AddsUp(); err != nil {
		r.wrong("%s: %v", x.Evidence, err)
	}
	ends, err := period.ParseDate(r.Manifest.To)
	if err != nil {
		r.wrong("the manifest says that the period ends on %q", r.Manifest.To)
		return
	}
	sums, open := f.Unexplained(ends)
	same := slices.EqualFunc(sums, x.Unexplained, money.Amount.Equal)
	if open != x.Open || !same {
		r.wrong("reconciliation %s: %d items up to %s are not explained and come to %v, the manifest says %d and %v", x.Name, open, ends, sums, x.Open, x.Unexplained)
	}
}

// totals are the sums of an entry's lines.
type totals struct{ debit, credit, functionalDebit, functionalCredit, clearing decimal.Decimal }

// journal holds the entries' totals against their lines.
func (r *Report) journal(f *zip.File) {
	sums := map[string]*totals{}
	for _, e := range r.Manifest.Entries {
		if sums[e.Reference] != nil {
			r.wrong("entry %s is in the manifest twice", e.Reference)
		}
		sums[e.Reference] = &totals{}
	}
	r.table(journalFile, f, journalHead, func(row []string) {
		t := sums[row[0]]
		if t == nil {
			r.wrong("%s: line %s of entry %s, which the manifest does not name", journalFile, row[1], row[0])
			return
		}
		var amounts [4]decimal.Decimal
		for i := range amounts {
			var err error
			if amounts[i], err = money.ParseNumber(row[8+i]); err != nil {
				r.wrong("%s: %q in line %s of entry %s is no amount", journalFile, row[8+i], row[1], row[0])
				return
			}
		}
		t.debit, t.credit = t.debit.Add(amounts[0]), t.credit.Add(amounts[1])
		t.functionalDebit, t.functionalCredit = t.functionalDebit.Add(amounts[2]), t.functionalCredit.Add(amounts[3])
		if row[6] == "true" {
			t.clearing = t.clearing.Add(amounts[0]).Sub(amounts[1])
		}
	})
	for _, e := range r.Manifest.Entries {
		t := sums[e.Reference]
		if !t.debit.Equal(t.credit) || !t.functionalDebit.Equal(t.functionalCredit) {
			r.wrong("entry %s does not balance: debits %s, credits %s, in %s %s and %s", e.Reference, t.debit, t.credit, e.Functional, t.functionalDebit, t.functionalCredit)
		}
		if !t.debit.Equal(e.Total) || !t.functionalDebit.Equal(e.FunctionalTotal) || !t.clearing.Equal(e.Clearing) {
			r.wrong("entry %s: its lines come to %s, %s and clearing %s, the manifest says %s, %s and %s", e.Reference, t.debit, t.functionalDebit, t.clearing, e.Total, e.FunctionalTotal, e.Clearing)
		}
		if e.Type == "settlement" && !sum(e.Sources).Equal(e.Clearing) {
			r.wrong("entry %s carries %s of settlements, its clearing is %s", e.Reference, sum(e.Sources), e.Clearing)
		}
		r.listed("entry "+e.Reference, e.File)
	}
}

// settlements holds what entries carry against the settlements.
func (r *Report) settlements() {
	for _, s := range r.Manifest.Settlements {
		if all := s.Before.Add(s.Within).Add(s.After); !all.Equal(s.Deposit.Sub(s.Difference)) {
			r.wrong("settlement %s: its amounts come to %s, its deposit less the difference is %s", s.AmazonID, all, s.Deposit.Sub(s.Difference))
		}
		if carried := sum(s.Carried).Add(s.LeftOut); !carried.Equal(s.Within) {
			r.wrong("settlement %s: entries carry %s of the period, its amounts are %s", s.AmazonID, carried, s.Within)
		}
		r.listed("settlement "+s.AmazonID, s.File)
	}
}

func (r *Report) listed(what, name string) {
	if !r.names[name] {
		r.wrong("the workbook of %s is missing from the manifest", what)
	}
}

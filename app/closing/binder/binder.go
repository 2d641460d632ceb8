// Package binder puts everything about a closed period into one file that can
// be checked without the program's database: workbooks, journal lines, the
// checklist, the audit events of the period with the values of their chain, and
// a manifest with the SHA-256 of each file.
//
// A binder is made again to the byte as long as what it holds is the same: the
// manifest names no moment but those of the close.
package binder

import (
	"strings"

	"github.com/shopspring/decimal"

	"tieout/app/money"
)

// format is the first word of a manifest: a later program may write another one.
const format = "tieout binder 1"

// Files that every binder has.
const (
	manifestFile  = "manifest.json"
	sumFile       = "manifest.sha256" // the manifest's own hash
	checklistFile = "checklist.json"  // as it was frozen
	checklistBook = "checklist.xlsx"
	journalFile   = "journal.csv"
	auditFile     = "audit.csv"
)

// Manifest says what a binder holds and what must agree in it.
type Manifest struct {
	Format      string       `json:"format"`
	Connection  string       `json:"connection"`
	Period      string       `json:"period"`
	From        string       `json:"from"`
	To          string       `json:"to"`
	Close       Close        `json:"close"`
	Files       []File       `json:"files"` // all but the manifest and its sum
	Settlements []Settlement `json:"settlements"`
	Entries     []Entry      `json:"entries"`
	// Reconciled is what each reconciliation came to at the close; of a period that
	// was closed before they were kept there is none.
	Reconciled []Reconciled `json:"reconciliations,omitempty"`
	Audit      Audit        `json:"audit"`
}

// Reconciled is a reconciliation as it was frozen with the close.
type Reconciled struct {
	Name        string         `json:"reconciliation"`
	Open        int64          `json:"open"` // items up to the period's end that nobody had explained
	Unexplained []money.Amount `json:"unexplained"`
	SHA256      string         `json:"sha256"` // of Evidence, as the event of the close has it
	Evidence    string         `json:"evidence"`
	File        string         `json:"file"`
}

// Close is how the period was closed.
type Close struct {
	ID          int64  `json:"id"`
	Prepared    string `json:"prepared_by"`
	RequestedAt string `json:"requested_at"`
	Closed      string `json:"closed_by"`
	ClosedAt    string `json:"closed_at"`
	Checklist   string `json:"checklist_sha256"`
}

// File is one file of the binder.
type File struct {
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// amounts are all of the manifest's.
func (m Manifest) amounts() (list []decimal.Decimal) {
	parts := func(all []Part) {
		for _, p := range all {
			list = append(list, p.Amount)
		}
	}
	for _, x := range m.Reconciled {
		for _, a := range x.Unexplained {
			list = append(list, a.Value)
		}
	}
	for _, s := range m.Settlements {
		list = append(list, s.Deposit, s.Difference, s.Before, s.Within, s.After, s.LeftOut)
		parts(s.Carried)
	}
	for _, e := range m.Entries {
		list = append(list, e.Total, e.FunctionalTotal, e.Clearing)
		parts(e.Sources)
	}
	return list
}

// Part is an amount of a settlement that an entry carries, or of an entry that
// comes from a settlement.
type Part struct {
	Name   string          `json:"name"`
	Amount decimal.Decimal `json:"amount"`
}

// Settlement is a settlement that reaches into the period. Before, within and
// after the period its amounts add up to the deposit less the difference.
type Settlement struct {
	AmazonID   string          `json:"settlement"`
	Currency   string          `json:"currency"`
	Deposit    decimal.Decimal `json:"deposit"`
	Difference decimal.Decimal `json:"difference"`
	Before     decimal.Decimal `json:"before"`
	Within     decimal.Decimal `json:"within"`
	After      decimal.Decimal `json:"after"`
	Carried    []Part          `json:"carried_by"` // posted entries with its amounts of the period
	LeftOut    decimal.Decimal `json:"left_out"`   // of the period, that no posted entry carries
	File       string          `json:"file"`
}

// Entry is a posted entry of the period.
type Entry struct {
	Reference       string          `json:"reference"`
	Type            string          `json:"type"`
	Status          string          `json:"status"`
	P21Number       string          `json:"p21_number"`
	On              string          `json:"date"`
	Currency        string          `json:"currency"`
	Functional      string          `json:"functional_currency"`
	Total           decimal.Decimal `json:"total"`
	FunctionalTotal decimal.Decimal `json:"functional_total"`
	Clearing        decimal.Decimal `json:"clearing"`
	ContentHash     string          `json:"content_sha256"`
	Sources         []Part          `json:"sources"` // settlements
	File            string          `json:"file"`
}

// Audit is the run of audit events in the binder: from the first one of the
// period to the one that closed it.
type Audit struct {
	First  int64  `json:"first"`
	Last   int64  `json:"last"`
	Before string `json:"hash_before"` // of the event before the first
	Head   string `json:"hash_of_last"`
}

// fileName keeps what every system takes in a file's name.
func fileName(folder, name, ending string) string {
	safe := strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("-_.", c) {
			return c
		}
		return '_'
	}, name)
	return folder + "/" + safe + ending
}

package web

import (
	"context"
	"fmt"
	"io"
	"iter"
	"mime"
	"net/http"

	"tieout/app/catalog"
	"tieout/app/closing"
	"tieout/app/cost"
	"tieout/app/exception"
	"tieout/app/fee"
	"tieout/app/finances"
	"tieout/app/flow"
	"tieout/app/identity"
	"tieout/app/journal"
	"tieout/app/mapping"
	"tieout/app/personal"
	"tieout/app/rates"
	"tieout/app/receivable"
	"tieout/app/reconcile"
	"tieout/app/refund"
	"tieout/app/reimbursement"
	"tieout/app/revaluation"
	"tieout/app/settlement"
)

// Workbooks writes Excel workbooks.
type Workbooks interface {
	Journal(ctx context.Context, w io.Writer, entryID int64) error
	Settlement(ctx context.Context, w io.Writer, settlementID int64) error
	ImportSheet(ctx context.Context, w io.Writer, entryID int64) error

	// Rules of a set go out for editing and come back.
	Rules(ctx context.Context, w io.Writer, setID int64) error
	ReadRules(content []byte) (mapping.Written, error)
	Backtest(w io.Writer, about [][2]string, result mapping.Backtest, names map[string]string) error

	// Entries go out for entering them in Prophet 21 by hand, and come back with numbers.
	PostingSheet(w io.Writer, entries []journal.SheetEntry) error
	PostingCSV(w io.Writer, entries []journal.SheetEntry) error
	ReadPostingSheet(content []byte) (journal.TypedNumbers, error)

	// Lists: about says in words what was filtered, by whom and when.
	SettlementList(w io.Writer, about [][2]string, rows iter.Seq2[settlement.Item, error]) error
	LineList(w io.Writer, about [][2]string, d settlement.Detail, rows iter.Seq2[settlement.Line, error], account func(settlement.Line) string) error
	EntryList(w io.Writer, about [][2]string, rows iter.Seq2[journal.Item, error]) error
	ExceptionList(w io.Writer, about [][2]string, rows iter.Seq2[exception.Exception, error], title func(exception.Class) string) error
	RecordList(w io.Writer, about [][2]string, d flow.Definition, rows iter.Seq2[flow.Item, error]) error
	AccessList(w io.Writer, about [][2]string, rows iter.Seq2[personal.Access, error]) error
	RateList(w io.Writer, about [][2]string, rows iter.Seq2[rates.Rate, error]) error
	Reconciliation(w io.Writer, about [][2]string, name reconcile.Name, totals []reconcile.Total, rows iter.Seq2[reconcile.Item, error], state func(reconcile.Item) string) error
	Reconciliations(w io.Writer, about [][2]string, list []reconcile.Standing, state func(reconcile.Standing) string) error
	Revaluation(w io.Writer, about [][2]string, list []revaluation.Computation) error
	UnsettledList(w io.Writer, about [][2]string, rows iter.Seq2[finances.Transaction, error]) error
	Accrual(w io.Writer, c finances.Compared, orders iter.Seq2[finances.Difference, error]) error
	RefundList(w io.Writer, about [][2]string, rows iter.Seq2[refund.Case, error], title func(refund.Finding) string) error
	LossList(w io.Writer, about [][2]string, rows iter.Seq2[reimbursement.Case, error], cause func(reimbursement.Cause) string, state func(reimbursement.State) string) error
	FeeList(w io.Writer, about [][2]string, rows iter.Seq2[fee.Row, error]) error
	CostList(w io.Writer, about [][2]string, rows iter.Seq2[cost.Count, error], state func(cost.Count) string) error
	CostItems(w io.Writer, about [][2]string, rows iter.Seq2[cost.Item, error]) error
	Deposits(ctx context.Context, w io.Writer, about [][2]string, connectionID int64) error
	CloseList(w io.Writer, about [][2]string, rows iter.Seq2[closing.Listed, error], title func(closing.State) string) error
	Checklist(w io.Writer, period closing.Whole) error
	ItemList(w io.Writer, about [][2]string, rows iter.Seq2[receivable.Item, error], title func(receivable.Cause) string) error
	DepositList(w io.Writer, about [][2]string, rows iter.Seq2[receivable.Deposit, error]) error
	Cash(w io.Writer, about [][2]string, currency string, rows iter.Seq2[receivable.Applied, error], title func(receivable.Cause) string) error
	ProductList(w io.Writer, about [][2]string, rows iter.Seq2[catalog.Product, error]) error

	// Exchange rates come in as a file.
	ReadRates(content []byte) (rates.Written, error)

	// SKU maps of a connection go out for editing and come back.
	SKUMaps(ctx context.Context, w io.Writer, connectionID int64, name string) error
	ReadSKUMaps(content []byte) (catalog.Written, error)
}

const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// exportRoutes are the files that leave the program.
func (s *server) exportRoutes() []Route {
	if s.Workbooks == nil {
		return nil
	}
	return append(s.recordExports(), []Route{
		{GET, "/settlements/export.xlsx", identity.Export, s.settlementListExport, 0},
		{GET, "/settlements/:id/lines/export.xlsx", identity.Export, s.lineListExport, 0},
		{GET, "/entries/export.xlsx", identity.Export, s.entryListExport, 0},
		{GET, "/entries/by-hand/sheet.xlsx", identity.Export, s.handSheet, 0},
		{GET, "/entries/by-hand/sheet.csv", identity.Export, s.handCSV, 0},
		{POST, "/entries/by-hand/upload", identity.PostEntries, s.handUpload, rateFileBody},
		{POST, "/entries/by-hand/upload/apply", identity.PostEntries, s.handUploadApply, rateFileBody},
		{GET, "/exceptions/export.xlsx", identity.Export, s.exceptionListExport, 0},
		{GET, "/entries/:id/export.xlsx", identity.Export, s.entryExport, 0},
		{GET, "/entries/:id/import.csv", identity.Export, s.entryImportSheet, 0},
		{GET, "/settlements/:id/export.xlsx", identity.Export, s.settlementExport, 0},
	}...)
}

// entryExport sends the workbook of an entry.
func (s *server) entryExport(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	e, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	return r.workbook(e.Reference, func(w io.Writer) error { return s.Workbooks.Journal(r.ctx(), w, id) })
}

// entryImportSheet sends an entry as rows for entering it in P21 by hand.
func (s *server) entryImportSheet(r *request) error {
	id, err := r.pathID("id")
	if err != nil {
		return err
	}
	e, err := s.Entries.Get(r.ctx(), id)
	if err != nil {
		return err
	}
	return r.file(e.Reference+".csv", "text/csv; charset=utf-8", func(w io.Writer) error { return s.Workbooks.ImportSheet(r.ctx(), w, id) })
}

// settlementExport sends the workbook of a settlement.
func (s *server) settlementExport(r *request) error {
	d, err := s.settlementDetail(r)
	if err != nil {
		return err
	}
	return r.workbook("settlement-"+d.AmazonID, func(w io.Writer) error { return s.Workbooks.Settlement(r.ctx(), w, d.ID) })
}

// workbook sends a workbook.
func (r *request) workbook(name string, write func(io.Writer) error) error {
	return r.file(name+".xlsx", workbookType, write)
}

// file sends a file to keep. A failure before its first byte still becomes an
// error page; after that the connection is cut, so that no browser takes what it
// has for the whole.
func (r *request) file(name, kind string, write func(io.Writer) error) error {
	header := r.Response().Header()
	lazy := &lazyBody{begin: func() io.Writer {
		header.Set("Content-Type", kind)
		header.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		r.Response().WriteHeader(http.StatusOK)
		return r.Response()
	}}
	err := write(lazy)
	if err == nil {
		return nil
	}
	err = fmt.Errorf("export %s: %w", name, err)
	if lazy.to != nil {
		r.visit.cause = err
		panic(http.ErrAbortHandler)
	}
	return err
}

// lazyBody begins an answer with its first byte.
type lazyBody struct {
	begin func() io.Writer
	to    io.Writer
}

func (l *lazyBody) Write(p []byte) (int, error) {
	if l.to == nil {
		l.to = l.begin()
	}
	return l.to.Write(p)
}

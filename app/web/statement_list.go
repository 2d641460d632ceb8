package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"tieout/app/bank"
	"tieout/app/deposit"
	"tieout/app/fault"
	"tieout/app/identity"
	"tieout/views"
)

const statementBase = "/reconciliation/statements"

func statementPath(documentID int64) string { return fmt.Sprintf("%s/%d", statementBase, documentID) }

// statementList shows the bank accounts and their statements, and takes more.
func (s *server) statementList(r *request) error {
	return s.showStatements(r, http.StatusOK, nil)
}

func (s *server) showStatements(r *request, status int, wrong map[string]string) error {
	in := r.query()
	f := deposit.StatementFilter{Connection: r.connection(), Account: in.id("account"), AfterID: in.id("after"), PageSize: bankPageSize}
	if err := in.err(); err != nil {
		return err
	}
	list, err := s.Deposits.Statements(r.ctx(), f)
	if err != nil {
		return err
	}
	accounts, err := s.Deposits.Accounts(r.ctx())
	if err != nil {
		return err
	}
	page, model, err := s.depositPage(r, "Deposits and bank", "Statements")
	if err != nil {
		return err
	}
	if r.mayMatch() {
		model.Buttons = []views.Button{{Label: "Add a bank account", Icon: "plus", Href: "/reconciliation/accounts/new"}}
	}
	if len(accounts) > 0 && r.person.Can(identity.UploadReports) {
		model.Sheets = []views.AdminSheet{{Title: "Add statements", Lead: "CSV of any shape, OFX, camt.053 or BAI2. A file that is known already changes nothing, and lines of overlapping statements do not double.", Form: uploadStatements(accounts, wrong)}}
	}
	listing := views.Listing{Summary: "Statements", Empty: views.Empty{Icon: "inbox", Title: "No statement yet", Text: "Upload what the bank sends, from the first deposit that you want to see."}}
	if len(list) == bankPageSize {
		listing.Pager.Next = r.link("after", strconv.FormatInt(list[len(list)-1].ID, 10))
	}
	if f.AfterID != 0 {
		listing.Pager.First = r.link("after", "")
	}
	model.Tables = []views.Table{r.accountTable(accounts), views.StatementTable(listing, r.statementRows(list))}
	return r.showAs(status, views.DepositView(page, model))
}

func uploadStatements(accounts []deposit.Account, wrong map[string]string) *views.AdminForm {
	options := []views.Option{{Label: "The one that the file names"}}
	for _, a := range accounts {
		options = append(options, views.Option{Value: strconv.FormatInt(a.ID, 10), Label: a.Name + " (" + string(a.Currency) + ")", Current: len(accounts) == 1})
	}
	return &views.AdminForm{Action: statementBase, Files: true, Submit: views.Button{Label: "Upload", Icon: "upload", Look: views.Primary}, Fields: []views.Field{
		{Name: "account", Label: "Account", Options: options, Hint: "CSV files seldom name theirs.", Error: wrong["account"]},
		{Name: "files", Label: "Statements", Type: "file", Multiple: true, Required: true, Accept: ".csv,.txt,.tsv,.ofx,.qfx,.qbo,.xml,.bai,.bai2,.dat", Hint: fmt.Sprintf("Up to %d MB each.", bank.MaxSize>>20), Error: wrong["files"]}}}
}

func (r *request) accountTable(accounts []deposit.Account) views.Table {
	table := views.Table{ID: "accounts", Caption: "Bank accounts", Summary: "Bank accounts", Inside: true, Columns: []views.Column{{Label: "Account", Kind: views.Tight}, {Label: "Number", Kind: views.Tight}, {Label: "Currency", Kind: views.Tight},
		{Label: "P21 account", Kind: views.Tight}, {Label: "Statements", Kind: views.Number}, {Label: "From", Kind: views.Tight}, {Label: "To", Kind: views.Tight}},
		Empty: views.Empty{Icon: "landmark", Title: "No bank account yet", Text: "Add the account that Amazon pays to."}}
	if r.mayMatch() {
		table.Empty.Action = views.Link{Text: "Add a bank account", Href: "/reconciliation/accounts/new"}
	}
	for _, a := range accounts {
		table.Rows = append(table.Rows, cells(views.RowLink(views.Link{Text: a.Name, Href: bankAccountPath(a.ID)}), views.Code(a.Number), views.Text(string(a.Currency)), views.Code(a.GLAccount),
			views.Text(views.Count(int(a.Statements))), views.Moment(r.dayOrNone(a.From)), views.Moment(r.dayOrNone(a.To))))
	}
	return table
}

func (r *request) statementRows(list []deposit.Statement) []views.StatementRow {
	var rows []views.StatementRow
	for _, x := range list {
		row := views.StatementRow{File: views.Link{Text: x.File, Href: statementPath(x.DocumentID)}, Account: x.AccountName, Format: string(x.Format), From: r.dayOrNone(x.From), To: r.dayOrNone(x.To),
			Lines: views.Count(x.Lines), New: views.Count(x.New), Status: statementPill(x), Read: r.format().Time(x.At), By: x.By}
		if x.Opening != nil {
			row.Opening = r.format().Value(*x.Opening, x.Currency)
		}
		if x.Closing != nil {
			row.Closing = r.format().Value(*x.Closing, x.Currency)
		}
		rows = append(rows, row)
	}
	return rows
}

func statementPill(s deposit.Statement) views.Pill {
	missing, told := s.Missing()
	switch {
	case told && !missing.IsZero():
		return views.Pill{State: views.Wrong, Text: "Out by " + missing.StringFixed(2), Hint: "Opening balance, lines and closing balance disagree."}
	case s.Problems > 0:
		return views.Pill{State: views.Waiting, Text: views.Counted(s.Problems, "problem", "problems")}
	case told:
		return views.Pill{State: views.Done, Text: "Ties out"}
	}
	return views.Pill{State: views.Neutral, Text: "No balances told"}
}

// statementUpload keeps each file as it comes in and reads it. A CSV file whose
// columns nobody has chosen leads to the page where they are.
func (s *server) statementUpload(r *request) error {
	parts, err := r.Request().MultipartReader()
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The upload did not arrive whole. Choose the files again.")
	}
	var accountID, last int64
	var unmapped []int64
	files := 0
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "The upload broke off. %d files arrived and were read; send the others again.", files)
		}
		if part.FormName() == "account" {
			text, err := io.ReadAll(io.LimitReader(part, 20))
			if err != nil {
				return fmt.Errorf("read upload: %w", err)
			}
			accountID = parseID(string(text))
		}
		if part.FormName() != "files" || part.FileName() == "" {
			continue
		}
		files++
		name := fileName(part.FileName())
		taken, err := s.takeStatement(r, name, part, accountID)
		if fault.Is(err, fault.Invalid) {
			r.flash(views.Wrong, name+" was refused.", fault.MessageOf(err))
			continue
		}
		if err != nil {
			return err
		}
		if last = taken.DocumentID; taken.Unmapped {
			unmapped = append(unmapped, taken.DocumentID)
		}
	}
	switch {
	case files == 0:
		return s.showStatements(r, http.StatusUnprocessableEntity, map[string]string{"files": "Choose at least one file."})
	case len(unmapped) > 0 && accountID == 0:
		return s.showStatements(r, http.StatusUnprocessableEntity, map[string]string{"account": "A CSV file does not name its account. Choose it, and upload the file again."})
	case len(unmapped) > 0:
		return r.goTo("%s/columns?account=%d", statementPath(unmapped[0]), accountID)
	case files == 1 && last != 0:
		return r.goTo("%s", statementPath(last))
	}
	return r.goTo(statementBase)
}

func (s *server) takeStatement(r *request, name string, content io.Reader, accountID int64) (deposit.Taken, error) {
	id, err := s.Deposits.Keep(r.ctx(), name, content, r.actor())
	if err != nil {
		return deposit.Taken{}, err
	}
	return s.readStatement(r, id, name, accountID)
}

// readStatement reads a kept file in and has what it brings compared soon.
func (s *server) readStatement(r *request, documentID int64, name string, accountID int64) (deposit.Taken, error) {
	taken, err := s.Deposits.Take(r.ctx(), documentID, accountID, r.actor())
	if err != nil {
		return taken, err
	}
	r.tellTaken(name, taken)
	fresh := slices.ContainsFunc(taken.Statements, func(x deposit.TakenStatement) bool { return x.New > 0 })
	if s.Compare == nil || !fresh {
		return taken, nil
	}
	return taken, s.Compare(r.ctx(), 0)
}

// tellTaken says what became of a file.
func (r *request) tellTaken(name string, taken deposit.Taken) {
	if taken.Unmapped {
		return
	}
	lines, fresh, known := 0, 0, 0
	for _, x := range taken.Statements {
		lines, fresh = lines+x.Lines, fresh+x.New
		if x.Known {
			known++
		}
	}
	text := strings.Join(taken.LeftOut, " ")
	switch {
	case len(taken.Statements) == 0:
		if text == "" && len(taken.File.Problems) > 0 {
			text = taken.File.Problems[0].String()
		}
		r.flash(views.Wrong, name+": nothing was read in.", text)
	case known == len(taken.Statements):
		r.flash(views.Info, name+" is known already.", "Nothing was changed. "+text)
	case len(taken.File.Problems) > 0:
		r.flash(views.Waiting, fmt.Sprintf("%s: %s, %d new.", name, views.Counted(lines, "line", "lines"), fresh), views.Counted(len(taken.File.Problems)+taken.File.More, "problem is listed below. ", "problems are listed below. ")+text)
	default:
		r.flash(views.Done, fmt.Sprintf("%s: %s, %d new.", name, views.Counted(lines, "line", "lines"), fresh), text)
	}
}

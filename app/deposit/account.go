package deposit

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"tieout/app/audit"
	"tieout/app/bank"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// Account is a bank account that deposits come to.
type Account struct {
	ID          int64
	Name        string
	Number      string // as the bank's files write it; empty: they do not say
	Currency    money.Currency
	GLAccount   string // P21's
	Connections []int64
	Mapping     *bank.Mapping // nil: no CSV file was read yet
	Statements  int64
	From, To    period.Date // that the statements tell of; zero: none
	Version     int32
}

// Accounts returns the bank accounts by name.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	rows, err := sqlc.New(s.pool).ListBankAccounts(ctx)
	if err != nil {
		return nil, fmt.Errorf("list bank accounts: %w", err)
	}
	list := make([]Account, len(rows))
	for i, r := range rows {
		a := Account{ID: r.ID, Name: r.Name, Number: r.Number, Currency: money.Currency(r.Currency), GLAccount: r.GlAccount, Connections: r.Connections, Statements: r.Statements, Version: r.Version}
		if r.FromOn.Year() > 1 {
			a.From, a.To = period.DateOf(r.FromOn), period.DateOf(r.ToOn)
		}
		if r.CsvMapping != nil {
			a.Mapping = &bank.Mapping{}
			if err := json.Unmarshal(r.CsvMapping, a.Mapping); err != nil {
				return nil, fmt.Errorf("read CSV columns of %s: %w", a.Name, err)
			}
		}
		list[i] = a
	}
	return list, nil
}

// Account returns one of them; fault.NotFound when there is none.
func (s *Service) Account(ctx context.Context, id int64) (Account, error) {
	list, err := s.Accounts(ctx)
	if err != nil {
		return Account{}, err
	}
	i := slices.IndexFunc(list, func(a Account) bool { return a.ID == id })
	if i < 0 {
		return Account{}, fault.New(fault.NotFound, "There is no such bank account.")
	}
	return list[i], nil
}

// numberOf makes numbers comparable: banks group them as they please.
func numberOf(text string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "", ".", "").Replace(text))
}

func (a *Account) check() error {
	a.Name, a.Number, a.GLAccount = strings.TrimSpace(a.Name), numberOf(a.Number), strings.TrimSpace(a.GLAccount)
	wrong := map[string]string{}
	if a.Name == "" {
		wrong["name"] = "Give the account a name."
	}
	if !a.Currency.Valid() {
		wrong["currency"] = "Three letters, such as USD."
	}
	if len(a.Connections) == 0 {
		wrong["connections"] = "Choose whose deposits come to it."
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	return nil
}

// SaveAccount stores a new account (no ID) or changes one, and returns its id.
func (s *Service) SaveAccount(ctx context.Context, a Account, actor audit.Actor) (int64, error) {
	if err := a.check(); err != nil {
		return 0, err
	}
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db, action := sqlc.New(tx), "changed"
		if a.ID == 0 {
			action = "created"
			id, err := db.InsertBankAccount(ctx, sqlc.InsertBankAccountParams{Name: a.Name, Number: a.Number, Currency: string(a.Currency), GlAccount: a.GLAccount})
			if err != nil {
				return fmt.Errorf("create bank account: %w", err)
			}
			a.ID = id
		} else {
			changed, err := db.UpdateBankAccount(ctx, sqlc.UpdateBankAccountParams{ID: a.ID, Version: a.Version, Name: a.Name, Number: a.Number, Currency: string(a.Currency), GlAccount: a.GLAccount, Now: tx.Now})
			if err != nil {
				return fmt.Errorf("change bank account: %w", err)
			}
			if changed == 0 {
				return fault.New(fault.Conflict, "Somebody else changed this account. Look at it again.")
			}
		}
		if err := db.UnlinkBankAccount(ctx, a.ID); err != nil {
			return fmt.Errorf("link bank account: %w", err)
		}
		if err := db.LinkBankAccount(ctx, sqlc.LinkBankAccountParams{BankAccountID: a.ID, Connections: a.Connections}); err != nil {
			return fmt.Errorf("link bank account: %w", err)
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: action, ObjectType: "bank_account", ObjectID: a.ID,
			After: map[string]any{"name": a.Name, "number": a.Number, "currency": a.Currency, "gl_account": a.GLAccount, "connections": a.Connections}})
	})
	return a.ID, database.Translate(err)
}

// SaveMapping remembers how an account's CSV files are written.
func (s *Service) SaveMapping(ctx context.Context, accountID int64, m bank.Mapping, actor audit.Actor) error {
	if wrong := m.Check(); len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("write CSV columns: %w", err)
	}
	return database.Translate(database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		if err := sqlc.New(tx).SetBankMapping(ctx, sqlc.SetBankMappingParams{ID: accountID, CsvMapping: text, Now: tx.Now}); err != nil {
			return fmt.Errorf("remember CSV columns: %w", err)
		}
		return audit.Write(ctx, tx.Tx, audit.Event{Actor: actor, Action: "columns chosen", ObjectType: "bank_account", ObjectID: accountID, After: m})
	}))
}

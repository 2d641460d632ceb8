package p21

import (
	"context"
	"fmt"
	"time"

	"tieout/app/fault"
	"tieout/app/period"
)

// Checks is what a connection test needs; adapters fill it in for their Check.
type Checks struct {
	SignIn  func(context.Context) error
	Ledger  Ledger
	Company string
	Today   time.Time
}

// Run tries a connection step by step and stops at the first step that fails.
func (c Checks) Run(ctx context.Context) []Step {
	var steps []Step
	for _, s := range []struct {
		name string
		try  func(context.Context) (string, error)
	}{
		{"Sign in", c.signIn},
		{"Read the chart of accounts", c.accounts},
		{"Read the fiscal periods", c.periods},
		{"Find journals by reference", c.journals},
	} {
		detail, err := s.try(ctx)
		if err != nil {
			return append(steps, Step{Name: s.name, Detail: fault.MessageOf(err)})
		}
		steps = append(steps, Step{Name: s.name, OK: true, Detail: detail})
	}
	return steps
}

func (c Checks) signIn(ctx context.Context) (string, error) {
	return "The user or key is accepted.", c.SignIn(ctx)
}

func (c Checks) accounts(ctx context.Context) (string, error) {
	accounts, err := c.Ledger.Accounts(ctx)
	if err != nil {
		return "", err
	}
	active := 0
	for _, a := range accounts {
		if a.Active {
			active++
		}
	}
	if active == 0 {
		return "", fault.New(fault.NotFound, "Company %s has no active account. Is the company's id right, and may this user read it?", c.Company)
	}
	return fmt.Sprintf("%d accounts, %d active.", len(accounts), active), nil
}

func (c Checks) periods(ctx context.Context) (string, error) {
	calendar, err := c.Ledger.Periods(ctx)
	if err != nil {
		return "", err
	}
	today, ok := calendar.Find(period.DateOf(c.Today))
	switch {
	case !ok:
		return "", fault.New(fault.NotFound, "Company %s has no fiscal period for today.", c.Company)
	case today.Closed:
		return fmt.Sprintf("%d periods; today's, %s, is closed.", len(calendar), today.Key()), nil
	}
	return fmt.Sprintf("%d periods; today's, %s, is open.", len(calendar), today.Key()), nil
}

func (c Checks) journals(ctx context.Context) (string, error) {
	can, err := c.Ledger.Capabilities(ctx)
	if err != nil {
		return "", err
	}
	if !can.JournalRead {
		return "This P21 cannot be asked for journals: a lost answer needs a person's look.", nil
	}
	return "Journals can be found and read back.", nil
}

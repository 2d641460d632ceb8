package main

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	"tieout/app/audit"
	"tieout/app/bank"
	"tieout/app/deposit"
	"tieout/app/money"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/server"
)

// furnishBanks gives every connection its bank account.
func (p *program) furnishBanks(ctx context.Context, sandbox *server.Server) error {
	for _, side := range sandbox.Connections() {
		c, err := p.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		if err := p.furnishBank(ctx, c.ID, side.Name, sandbox, audit.Job("demonstration")); err != nil {
			return err
		}
	}
	return nil
}

// furnishBank gives a connection the bank account that its deposits come to,
// with a statement, once. What seems to belong together is left
// for people to accept.
func (p *program) furnishBank(ctx context.Context, connectionID int64, name string, sandbox *server.Server, actor audit.Actor) error {
	deposits := deposit.NewService(p.pool, p.clock)
	accounts, err := deposits.Accounts(ctx)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(accounts, func(a deposit.Account) bool { return slices.Contains(a.Connections, connectionID) }) {
		return nil
	}
	statement, currency, err := sandbox.Bank(name)
	if err != nil {
		return fmt.Errorf("ask the bank: %w", err)
	}
	id, err := deposits.SaveAccount(ctx, deposit.Account{Name: fmt.Sprintf("Operating %s %s", name, currency), Currency: money.Currency(currency), GLAccount: p21stand.Bank, Connections: []int64{connectionID}}, actor)
	if err != nil {
		return err
	}
	columns := bank.Sniff(statement).Mapping
	columns.Dates = "MM/DD/YYYY"
	if err := deposits.SaveMapping(ctx, id, columns, actor); err != nil {
		return err
	}
	document, err := deposits.Keep(ctx, "statement-"+name+".csv", bytes.NewReader(statement), actor)
	if err != nil {
		return err
	}
	if _, err := deposits.Take(ctx, document, id, actor); err != nil {
		return fmt.Errorf("read the bank statement of %s: %w", name, err)
	}
	return nil
}

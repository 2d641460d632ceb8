package main

import (
	"context"

	"tieout/app/deposit"
	"tieout/app/fbastock"
	"tieout/app/ledger"
	"tieout/app/p21"
	"tieout/app/proceeds"
	"tieout/app/receivable"
	"tieout/app/reconcile"
	"tieout/app/refund"
)

// reconciliations are what must agree: a new one is one line here.
func (p *program) reconciliations() *reconcile.Service {
	ledgers := func(ctx context.Context, id int64) (p21.Ledger, error) { return p.connections.Ledger(ctx, id) }
	return reconcile.NewService(p.pool, p.clock,
		proceeds.NewService(p.pool, p.clock),
		receivable.NewService(p.pool, p.clock),
		refund.NewService(p.pool, p.clock),
		ledger.NewAccounts(p.pool, p.clock, ledgers),
		deposit.NewService(p.pool, p.clock),
		fbastock.NewStore(p.pool),
		ledger.NewJournals(p.pool, p.clock, ledgers, p.entries.Intended),
	)
}

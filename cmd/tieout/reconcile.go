package main

import (
	"tieout/app/fbastock"
	"tieout/app/receivable"
	"tieout/app/reconcile"
	"tieout/app/refund"
)

// reconciliations are what must agree: a new one is one line here.
func (p *program) reconciliations() *reconcile.Service {
	return reconcile.NewService(p.pool, p.clock,
		receivable.NewService(p.pool, p.clock),
		refund.NewService(p.pool, p.clock),
		fbastock.NewStore(p.pool),
	)
}

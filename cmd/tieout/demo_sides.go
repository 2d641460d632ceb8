package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/fbastock"
	"tieout/app/returns"
	amazonstand "tieout/cmd/sandbox/amazon"
	p21stand "tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// furnishSides makes both sides differ in what a person would come across in a
// month, so that every reconciliation has something to look at. Once.
func (p *program) furnishSides(ctx context.Context, sandbox *server.Server) error {
	for k, side := range sandbox.Connections() {
		c, err := p.connections.ByName(ctx, side.Name)
		if err != nil {
			return err
		}
		state, err := p.flows.Get(ctx, c.ID, fbastock.Name)
		if err != nil {
			return err
		}
		if !state.New() {
			continue
		}
		if err := lateOrder(sandbox, side, k); err != nil {
			return err
		}
		if err := p.furnishReturns(ctx, c.ID); err != nil {
			return err
		}
		if err := p.furnishStock(ctx, sandbox, side, c.ID, map[int]int{0: 3, 1: -5, 7: -1}, 60, audit.Job("demonstration")); err != nil {
			return err
		}
	}
	return nil
}

// lateOrder is one that was shipped long ago and that no settlement has paid.
func lateOrder(sandbox *server.Server, side server.Connection, k int) error {
	shipped := sandbox.Settled(side.Name).Add(-31 * 24 * time.Hour)
	product := seller.Products()[2]
	order := amazonstand.PlacedOrder{Account: side.Name, ID: fmt.Sprintf("114-88%05d-0000001", k), Status: amazon.OrderShipped, Created: shipped.Add(-2 * time.Hour), Updated: shipped,
		Items: []amazonstand.PlacedItem{{SKU: product.SKU, ASIN: product.ASIN, Title: product.Title, Quantity: 2, UnitPrice: decimal.New(3490, -2)}}}
	if err := sandbox.Amazon.PlaceOrders(order); err != nil {
		return fmt.Errorf("place an order of %s: %w", side.Name, err)
	}
	return nil
}

// returnsBack is how far back returns are read at first: refunds of that time
// are old enough for Amazon to owe something.
const returnsBack = 75 * 24 * time.Hour

// furnishReturns has returns read from long ago on. P21 takes those that cannot
// be sold; of the oldest it has no order, and they wait.
func (p *program) furnishReturns(ctx context.Context, connectionID int64) error {
	actor := audit.Job("demonstration")
	state, err := p.flows.Get(ctx, connectionID, returns.Name)
	if err != nil {
		return err
	}
	if err := p.flows.ReadFrom(ctx, connectionID, returns.Name, state.Version, p.clock.Now().Add(-returnsBack), actor); err != nil {
		return err
	}
	return p.furnishFlow(ctx, connectionID, returns.Name, "wanted", `!sellable`, "P21 takes what cannot be sold.", actor)
}

// furnishStock has Amazon hold what P21 believes it holds, but for some products,
// and both sides be compared. differ is by the product's place; patience is how
// many minutes a difference stands before anybody is asked.
func (p *program) furnishStock(ctx context.Context, sandbox *server.Server, side server.Connection, connectionID int64, differ map[int]int, patience int, actor audit.Actor) error {
	for i, product := range seller.Products() {
		believed, ok := sandbox.P21.StockOf(p21stand.ProductCode(product.SKU), side.P21Location)
		if !ok {
			continue
		}
		units := int(believed.OnHand.Sub(believed.Allocated).IntPart()) + differ[i]
		if err := sandbox.Amazon.StoreFBA(amazonstand.FBAStock{Account: side.Name, SKU: product.SKU, Fulfillable: max(units, 0)}); err != nil {
			return err
		}
	}
	return p.furnishFields(ctx, connectionID, fbastock.Name, map[string]string{"location": strconv.Quote(side.P21Location), "counts": fmt.Sprintf("location == %q", side.P21Location), "patience": strconv.Itoa(patience)},
		"The locations of this company.", actor)
}

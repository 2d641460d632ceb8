package native

import (
	"context"
	"errors"
	"net/http"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// Features implements p21.System: tables that this user may read, and a UI
// server for what is written through it.
func (s *System) Features(ctx context.Context) (p21.Features, error) {
	if known := s.features.Load(); known != nil {
		return *known, nil
	}
	var has p21.Features
	for _, t := range []struct {
		table, key string
		there      *bool
	}{
		{"oe_hdr", "order_no", &has.Orders},
		{"customer", "customer_id", &has.Customers},
		{"inv_mast", "inv_mast_uid", &has.Items},
		{"inv_loc", "inv_mast_uid", &has.Stock},
		{"oe_pick_ticket", "pick_ticket_no", &has.Shipments},
		{"invoice_hdr", "invoice_no", &has.Invoices},
		{"oe_line_rma", "oe_line_uid", &has.Returns},
	} {
		var page struct{}
		err := s.rest.Get(ctx, "ask for features", "/odataservice/odata/table/"+t.table, &page, "$select", t.key, "$orderby", t.key, "$top", "1")
		if err != nil && !closed(err) {
			return p21.Features{}, err
		}
		*t.there = err == nil
	}
	_, err := s.rest.UIServer(ctx)
	if err != nil && !closed(err) {
		return p21.Features{}, err
	}
	has.Orders = has.Orders && err == nil // orders that cannot be entered are of no use
	has.OrderChange, has.TrackingWrite, has.ReturnWrite = has.Orders, has.Shipments && err == nil, has.Returns && has.Invoices && err == nil
	has.CustomerWrite, has.StockWrite = has.Customers, has.Stock
	s.features.Store(&has)
	return has, nil
}

// closed reports whether the server does not have what was asked for, or keeps
// it from this user.
func closed(err error) bool {
	var failure *p21.Error
	return rest.RouteMissing(err) || errors.As(err, &failure) && failure.Status == http.StatusForbidden
}

// read says that something is not available when the server does not have it,
// or keeps it from this user.
func read(err error, operation, what string) error {
	if err == nil || !closed(err) {
		return err
	}
	missing := p21.NotAvailable(operation, what)
	missing.Cause = err
	return missing
}

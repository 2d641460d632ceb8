package seedv2

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"tieout/app/p21"
	"tieout/app/p21/internal/rest"
)

// features are learned: reads by asking once, writes by being turned away.
type features struct {
	mu    sync.Mutex
	known bool
	has   p21.Features
	lacks p21.Features // true: a write that the server did not know
}

// Features implements p21.System: a server that answers the read of a resource
// with 404 or 405 does not have it. A write is taken to be there as long as the
// server does not say otherwise.
func (s *System) Features(ctx context.Context) (p21.Features, error) {
	s.features.mu.Lock()
	defer s.features.mu.Unlock()
	if !s.features.known {
		has, err := s.probe(ctx)
		if err != nil {
			return p21.Features{}, err
		}
		s.features.has, s.features.known = has, true
	}
	return s.features.without(), nil
}

func (f *features) without() p21.Features {
	has := f.has
	has.OrderChange = has.Orders && !f.lacks.OrderChange
	has.CustomerWrite = has.Customers && !f.lacks.CustomerWrite
	has.StockWrite = has.Stock && !f.lacks.StockWrite
	has.TrackingWrite = has.Shipments && !f.lacks.TrackingWrite
	has.ReturnWrite = has.Returns && !f.lacks.ReturnWrite
	return has
}

func (s *System) probe(ctx context.Context) (p21.Features, error) {
	has := p21.Features{RefusesDuplicates: true}
	for _, p := range []struct {
		path, key string
		there     *bool
	}{
		{orders, "SalesOrderNumber", &has.Orders},
		{customers, "CustomerNumber", &has.Customers},
		{products, "ProductCode", &has.Items},
		{stock, "ProductCode", &has.Stock},
		{shipments, "ShipmentNumber", &has.Shipments},
		{invoices, "InvoiceNumber", &has.Invoices},
		{returns, "ReturnNumber", &has.Returns},
	} {
		var one page[struct{}]
		err := s.rest.Get(ctx, "ask for features", p.path, &one, "$orderby", p.key, "$top", "1", "$skip", "0")
		if err != nil && !rest.RouteMissing(err) {
			return p21.Features{}, err
		}
		*p.there = err == nil
	}
	return has, nil
}

// read turns the missing route of a read into what people understand.
func read(err error, operation, what string) error {
	if err != nil && rest.RouteMissing(err) {
		return p21.NotAvailable(operation, what)
	}
	return err
}

// write does the same for a write. lack names the feature; it is remembered
// when the server knows the resource and not the method, not after a 404, which
// a proxy in trouble gives too. A wrong address is no missing feature: it is
// told apart by reading the resource.
func (s *System) write(ctx context.Context, err error, resource, operation, what string, lack func(*p21.Features) *bool) error {
	if err == nil || !rest.RouteMissing(err) {
		return err
	}
	var one page[struct{}]
	if s.rest.Get(ctx, operation, resource, &one, "$top", "1", "$skip", "0") != nil {
		return err
	}
	missing := p21.NotAvailable(operation, what)
	missing.Cause = err
	var answer *p21.Error
	if errors.As(err, &answer) && answer.Status != http.StatusNotFound {
		s.features.mu.Lock()
		defer s.features.mu.Unlock()
		*lack(&s.features.lacks) = true
	}
	return missing
}

package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
)

// compareShipments holds every parcel that P21 sent for Amazon's buyers against
// what Amazon was told of it.
func (w *dayWorld) compareShipments() (compared, error) {
	result := compared{what: "shipments"}
	for _, side := range w.sandbox.Connections() {
		orders, err := w.sandbox.Amazon.Orders(side.Name, w.begun.Add(-20*time.Hour))
		if err != nil {
			return result, err
		}
		for _, o := range orders {
			if o.Fulfillment.By != amazon.ByMerchant || !ofTheDay(o.ID) {
				continue
			}
			for _, held := range w.sandbox.P21.OrdersByReference(side.P21Company, o.ID) {
				for _, s := range w.sandbox.P21.ShipmentsOf(held.Number) {
					result.objects++
					if !slices.ContainsFunc(o.Packages, func(p amazon.OrderPackage) bool {
						return p.Reference == fmt.Sprint(s.Number) && p.Tracking == s.Tracking
					}) {
						result.differences = append(result.differences, fmt.Sprintf("%s: Amazon does not know shipment %d", o.ID, s.Number))
					}
				}
			}
			for _, i := range o.Items {
				if i.Fulfillment.Unfulfilled > 0 {
					result.differences = append(result.differences, fmt.Sprintf("%s: %d of %s are to ship at Amazon", o.ID, i.Fulfillment.Unfulfilled, i.Product.SKU))
				}
			}
		}
	}
	return result, nil
}

// compareReturns holds every unit that came back against P21's returns.
func (w *dayWorld) compareReturns() compared {
	result := compared{what: "returns"}
	entered := map[int64]decimal.Decimal{}
	for _, side := range w.sandbox.Connections() {
		for _, r := range w.sandbox.P21.Returns(side.P21Company) {
			for _, l := range r.Lines {
				entered[r.Order] = entered[r.Order].Add(l.Quantity)
			}
		}
	}
	for id, back := range w.warehouse.returned {
		result.objects++
		for _, o := range w.sandbox.P21.OrdersByReference(back.company, id) {
			if got := entered[o.Number]; !got.Equal(decimal.NewFromInt(1)) {
				result.differences = append(result.differences, fmt.Sprintf("%s: a unit of %s came back, P21 has %s", id, back.sku, got))
			}
		}
	}
	return result
}

// compareStock holds what Amazon offers against what P21 has.
func (w *dayWorld) compareStock() (compared, error) {
	result := compared{what: "quantities"}
	for _, side := range w.sandbox.Connections() {
		offered, err := w.sandbox.Amazon.Listed(side.Name)
		if err != nil {
			return result, err
		}
		for _, product := range seller.Products() {
			held, _ := w.sandbox.P21.StockOf(p21.ProductCode(product.SKU), side.P21Own)
			wanted := max(held.OnHand.Sub(held.Allocated).Floor().IntPart(), 0)
			result.objects++
			if got := offered[ownSKU(product)]; int64(got) != min(wanted, 9999) {
				result.differences = append(result.differences, fmt.Sprintf("%s %s: Amazon offers %d, P21 has %d", side.Name, ownSKU(product), got, wanted))
			}
		}
	}
	return result, nil
}

// compareFulfilments holds the web shop's orders against Amazon's.
func (w *dayWorld) compareFulfilments() (compared, error) {
	result := compared{what: "fulfilments"}
	for _, side := range w.sandbox.Connections() {
		asked, err := w.sandbox.Amazon.Asked(side.Name)
		if err != nil {
			return result, err
		}
		for _, o := range w.sandbox.P21.Orders(side.P21Company) {
			if o.Source != dayShop {
				continue
			}
			result.objects++
			id, wanted := fmt.Sprintf("%s-%d", side.P21Company, o.Number), 0
			for _, l := range o.Lines {
				wanted += int(l.Quantity.IntPart())
			}
			if asked[id] != wanted {
				result.differences = append(result.differences, fmt.Sprintf("%s: %d units at Amazon, %d in P21", id, asked[id], wanted))
			}
			for _, s := range w.sandbox.P21.ShipmentsOf(o.Number) {
				if s.Tracking == "" {
					result.differences = append(result.differences, fmt.Sprintf("%s: shipment %d has no tracking number", id, s.Number))
				}
			}
		}
	}
	return result, nil
}

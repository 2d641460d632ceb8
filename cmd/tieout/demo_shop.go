package main

import (
	"fmt"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
	amazonstand "tieout/cmd/sandbox/amazon"
	"tieout/cmd/sandbox/p21"
	"tieout/cmd/sandbox/seller"
	"tieout/cmd/sandbox/server"
)

// shopOrders lets customers buy in a web shop of each company, once: P21 has the
// orders, and Amazon is to ship them.
func shopOrders(sandbox *server.Server) error {
	homes := map[string]p21.Address{
		"na": {Name: "Noor Example", Line1: "12 Sample Road", City: "Austin", State: "TX", PostalCode: "73301", Country: "US"},
		"eu": {Name: "Jo Beispiel", Line1: "Musterweg 3", City: "Hamburg", PostalCode: "20095", Country: "DE"},
	}
	products := seller.Products()
	for _, side := range sandbox.Connections() {
		for n := range 4 {
			reference := fmt.Sprintf("WEB-%d", 2001+n)
			if len(sandbox.P21.OrdersByReference(side.P21Company, reference)) > 0 {
				continue
			}
			_, err := sandbox.P21.EnterOrder(p21.Order{Company: side.P21Company, Reference: reference, Source: "WEBSHOP", Location: side.P21Location, ShipTo: homes[side.Region],
				Lines: []p21.OrderLine{{Item: p21.ProductCode(products[n*3].SKU), Quantity: decimal.NewFromInt(int64(n + 1))}}})
			if err != nil {
				return fmt.Errorf("enter order %s of %s: %w", reference, side.P21Company, err)
			}
		}
	}
	return nil
}

// ownProducts are those that each company also ships itself, under SKUs of their
// own.
func ownProducts() []seller.Product {
	list := seller.Products()
	return []seller.Product{list[1], list[3], list[5]}
}

// ownSKU is the SKU of a product that the company ships itself.
func ownSKU(p seller.Product) string { return "MFN-" + p.SKU }

// ownOrders lets buyers at Amazon buy what each company ships itself.
func ownOrders(sandbox *server.Server) error {
	for k, side := range sandbox.Connections() {
		for n, product := range ownProducts() {
			if err := sandbox.Amazon.List(side.Name, ownSKU(product), 0, ""); err != nil {
				return err
			}
			err := sandbox.Amazon.PlaceOrders(amazonstand.PlacedOrder{Account: side.Name, ID: fmt.Sprintf("114-77%05d-%07d", k, 2001+n), FulfilledBy: amazon.ByMerchant, Items: []amazonstand.PlacedItem{
				{SKU: ownSKU(product), ASIN: product.ASIN, Title: product.Title, Quantity: int64(n + 1), UnitPrice: decimal.New(2495, -2), Shipping: decimal.New(499, -2)}}})
			if err != nil {
				return fmt.Errorf("order of %s: %w", side.Name, err)
			}
		}
	}
	return nil
}

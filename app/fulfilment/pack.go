package fulfilment

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tieout/app/catalog"
	"tieout/app/exception"
	"tieout/app/flow"
	"tieout/app/period"
)

// sent is a line of Amazon's order, and what it is in P21's.
type sent struct {
	ID       string `json:"id"`
	SKU      string `json:"sku"`
	Quantity int    `json:"quantity"` // of the SKU
	Item     string `json:"item"`
	Pack     int    `json:"pack"` // of the item in one unit of the SKU
}

// need is what P21 wants of one item.
type need struct {
	item, sku string // sku: to be sent whatever the preference
	quantity  int
}

// needs adds up the lines of one item and SKU, in order.
func needs(elements []flow.Element) []need {
	var list []need
	for _, e := range elements {
		n := need{item: e.Text("item"), sku: e.Text("sku"), quantity: e.Integer("quantity")}
		i := slices.IndexFunc(list, func(known need) bool { return known.item == n.item && known.sku == n.sku })
		if i < 0 {
			list = append(list, n)
			continue
		}
		list[i].quantity += n.quantity
	}
	return list
}

// choose turns P21's lines into Amazon's.
func (f *Flow) choose(ctx context.Context, r flow.Record, m flow.Mapped) ([]sent, error) {
	list := needs(m.Elements(lines))
	var items []string
	for _, n := range list {
		items = append(items, n.item)
	}
	found, err := f.packs(ctx, r.ConnectionID, m.Text("marketplace"), items, period.DateOf(f.clock.Now()))
	if err != nil {
		return nil, err
	}
	var out []sent
	for _, n := range list {
		pack, err := choice(n, found[n.item], m.Text("preference"))
		if err != nil {
			return nil, err
		}
		out = append(out, sent{ID: fmt.Sprint(len(out) + 1), SKU: pack.SKU, Quantity: n.quantity / pack.Quantity, Item: n.item, Pack: pack.Quantity})
	}
	return out, nil
}

// choice is the SKU that is sent for an item.
func choice(n need, known []catalog.Pack, preference string) (catalog.Pack, error) {
	if n.sku != "" {
		known = slices.DeleteFunc(slices.Clone(known), func(p catalog.Pack) bool { return p.SKU != n.sku })
	}
	if len(known) == 0 {
		return catalog.Pack{}, unknown(n)
	}
	fitting := slices.DeleteFunc(slices.Clone(known), func(p catalog.Pack) bool { return n.quantity%p.Quantity != 0 })
	if len(fitting) == 0 {
		return catalog.Pack{}, uneven(n, known)
	}
	slices.SortStableFunc(fitting, func(a, b catalog.Pack) int { return prefer(a, b, preference) })
	return fitting[0], nil
}

// prefer orders SKUs: what Amazon stores, then by size, then the marketplace's
// own, then by name.
func prefer(a, b catalog.Pack, preference string) int {
	size := cmp.Compare(a.Quantity, b.Quantity)
	if preference == packs {
		size = -size
	}
	return cmp.Or(yes(b.FBA)-yes(a.FBA), size, yes(b.Own)-yes(a.Own), strings.Compare(a.SKU, b.SKU))
}

func yes(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ItemCause is the cause of exceptions about items that no SKU stands for; a map
// of the item releases what waits on it.
func ItemCause(item string) string { return Name + "/item/" + item }

func unknown(n need) *flow.Obstacle {
	words := fmt.Sprintf("No Amazon SKU stands for item %s alone. Map one under Products.", n.item)
	if n.sku != "" {
		words = fmt.Sprintf("SKU %s does not stand for item %s alone.", n.sku, n.item)
	}
	return &flow.Obstacle{Class: exception.CheckFailed, Cause: ItemCause(n.item), Title: "Fulfilment requests: no SKU of item " + n.item, Words: words, Detail: map[string]any{"item": n.item}}
}

func uneven(n need, known []catalog.Pack) *flow.Obstacle {
	var sizes []string
	for _, p := range known {
		sizes = append(sizes, fmt.Sprintf("%s holds %d", p.SKU, p.Quantity))
	}
	return &flow.Obstacle{Class: exception.CheckFailed, Cause: ItemCause(n.item), Title: fmt.Sprintf("Fulfilment requests: %s is sold in packs that do not divide an order", n.item),
		Words:  fmt.Sprintf("%d of %s cannot be made of whole packs: %s. Change the quantity in P21, or map another SKU.", n.quantity, n.item, strings.Join(sizes, ", ")),
		Detail: map[string]any{"item": n.item}}
}

package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"tieout/app/amazon"
)

// shownDifferences is how many differences are printed of each kind.
const shownDifferences = 20

// compared is what the comparison of one kind of objects came to.
type compared struct {
	what        string
	objects     int
	differences []string
}

// compare prints what became of the day and returns errProblems when the sides
// differ or Amazon was asked more often than it allows.
func (w *dayWorld) compare(env environment, c *crew) error {
	var results []compared
	orders, err := w.compareOrders()
	if err != nil {
		return err
	}
	shipments, err := w.compareShipments()
	if err != nil {
		return err
	}
	quantities, err := w.compareStock()
	if err != nil {
		return err
	}
	fulfilments, err := w.compareFulfilments()
	if err != nil {
		return err
	}
	sent, err := w.compareInbound(context.Background())
	if err != nil {
		return err
	}
	results = append(results, orders, shipments, w.compareReturns(), quantities, w.compareFBA(), sent, fulfilments)
	if err := w.explain(context.Background()); err != nil {
		return err
	}
	wrong := 0
	say(env, "\n%-16s %10s %12s", "Compared", "objects", "differences")
	for _, r := range results {
		say(env, "%-16s %10d %12d", r.what, r.objects, len(r.differences))
		for _, difference := range r.differences[:min(len(r.differences), shownDifferences)] {
			say(env, "  %s", difference)
		}
		wrong += len(r.differences)
	}
	if err := w.heard(context.Background()); err != nil {
		return err
	}
	wrong += w.usage(env)
	say(env, "\n%d workers were killed.", c.losses())
	if wrong > 0 {
		return errProblems
	}
	say(env, "Both sides agree.")
	return nil
}

// compareOrders holds every order of Amazon against P21: there once, with the
// same units of the same items, and cancelled where it is.
func (w *dayWorld) compareOrders() (compared, error) {
	result := compared{what: "orders"}
	for _, side := range w.sandbox.Connections() {
		orders, err := w.sandbox.Amazon.Orders(side.Name, w.begun.Add(-20*time.Hour))
		if err != nil {
			return result, err
		}
		seen := map[string]bool{} // one that is listed twice is one
		for _, o := range orders {
			if o.Channel.Name == amazon.ChannelNonAmazon || !o.Firm() || seen[o.ID] || o.Updated.After(w.sandbox.Now().Add(-2*telling)) && !strings.HasPrefix(o.ID, dayOrders) {
				continue // what the sellers' own story has only just brought is told later
			}
			seen[o.ID] = true
			result.objects++
			if difference := w.differs(side.P21Company, o); difference != "" {
				result.differences = append(result.differences, o.ID+": "+difference)
			}
		}
	}
	return result, nil
}

// differs says how P21 holds an order otherwise than Amazon; "" when it does not.
func (w *dayWorld) differs(company string, o amazon.Order) string {
	held := w.sandbox.P21.OrdersByReference(company, o.ID)
	wanted := map[string]decimal.Decimal{}
	for _, item := range o.Items {
		if units := item.Units(); units > 0 {
			wanted[itemOf(item.Product.SKU)] = wanted[itemOf(item.Product.SKU)].Add(decimal.NewFromInt(units))
		}
	}
	switch {
	case len(held) == 0 && o.Cancelled():
		return "" // before it got there
	case len(held) != 1:
		return fmt.Sprintf("P21 holds it %d times", len(held))
	case o.Cancelled() && held[0].Status != "Cancelled":
		return "Amazon has cancelled it, P21 has it " + string(held[0].Status)
	case o.Cancelled():
		return ""
	}
	there := map[string]decimal.Decimal{}
	for _, line := range held[0].Lines {
		if !line.Quantity.IsZero() {
			there[line.Item] = there[line.Item].Add(line.Quantity)
		}
	}
	if !maps.EqualFunc(wanted, there, decimal.Decimal.Equal) {
		return fmt.Sprintf("%s at Amazon, %s in P21", units(wanted), units(there))
	}
	return ""
}

func units(quantities map[string]decimal.Decimal) string {
	var list []string
	for _, item := range slices.Sorted(maps.Keys(quantities)) {
		list = append(list, quantities[item].String()+" x "+item)
	}
	return strings.Join(list, ", ")
}

// explain prints the causes that stood in the queue and how they ended.
func (w *dayWorld) explain(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `SELECT class, count(*), count(*) FILTER (WHERE state = 'resolved') FROM exception GROUP BY class ORDER BY class`)
	if err != nil {
		return fmt.Errorf("read what stood in the queue: %w", err)
	}
	defer rows.Close()
	say(w.env, "\n%-20s %10s %10s", "Exceptions", "causes", "resolved")
	for rows.Next() {
		var class string
		var causes, resolved int
		if err := rows.Scan(&class, &causes, &resolved); err != nil {
			return fmt.Errorf("read what stood in the queue: %w", err)
		}
		say(w.env, "%-20s %10d %10d", class, causes, resolved)
	}
	return rows.Err()
}

// heard prints what was told through the queue and what became of it.
func (w *dayWorld) heard(ctx context.Context) error {
	rows, err := w.pool.Query(ctx, `SELECT type, count(*), count(*) FILTER (WHERE outcome = 'hint') FROM notice GROUP BY type ORDER BY type`)
	if err != nil {
		return fmt.Errorf("read notifications: %w", err)
	}
	defer rows.Close()
	say(w.env, "\n%-32s %8s %8s", "Notifications", "told", "of use")
	for rows.Next() {
		var kind string
		var told, used int
		if err := rows.Scan(&kind, &told, &used); err != nil {
			return fmt.Errorf("read notifications: %w", err)
		}
		say(w.env, "%-32s %8d %8d", kind, told, used)
	}
	return rows.Err()
}

// usage prints how often Amazon was asked and returns how many operations were
// asked more often than their rate and burst allow.
func (w *dayWorld) usage(env environment) (wrong int) {
	say(env, "\n%-32s %8s %8s %8s %8s", "Requests to Amazon", "calls", "peak", "burst", "refused")
	for _, u := range w.sandbox.Amazon.Usage() {
		say(env, "%-32s %8d %8.1f %8.0f %8d", u.Operation, u.Calls, u.Peak, u.Burst, u.Refused)
		if u.Refused > 0 {
			wrong++
		}
	}
	return wrong
}

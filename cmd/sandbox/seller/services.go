package seller

import (
	"math/rand/v2"
	"time"
)

// ledger collects the lines of one cycle that belong to no order.
type ledger struct {
	*Account
	n      int // cycle
	chance *rand.Rand
	lines  []Line
}

// services returns what Amazon charges and pays in a cycle besides orders.
func (a *Account) services(n int) []Line {
	l := &ledger{Account: a, n: n, chance: a.chance("services", n)}
	l.storage()
	l.subscription()
	l.advertising()
	l.inbound()
	l.removals()
	l.reimbursements()
	l.promotions()
	l.occasions()
	return l.lines
}

func (l *ledger) add(lines ...Line) { l.lines = append(l.lines, lines...) }

// at returns some instant about so many hours into the cycle.
func (l *ledger) at(hours int) time.Time {
	return l.Start(l.n).Add(time.Duration(hours)*time.Hour + time.Duration(l.chance.IntN(3600))*time.Second)
}

// scaled returns an amount in proportion to the seller's volume.
func (l *ledger) scaled(cents int64) int64 { return cents * int64(max(l.OrdersPerDay, 4)) }

// about returns an amount of up to a fifth more or less than cents.
func (l *ledger) about(cents int64) int64 {
	return cents - cents/5 + l.chance.Int64N(max(2*cents/5, 1))
}

// monthly returns the instant on this day of a month, if the cycle contains it.
func (l *ledger) monthly(dayOfMonth int) (time.Time, bool) {
	minute := 11 + l.chance.IntN(40)
	for _, month := range []time.Time{l.Start(l.n), l.End(l.n)} {
		at := time.Date(month.Year(), month.Month(), dayOfMonth, 7, minute, 5, 0, time.UTC)
		if l.within(l.n, at) {
			return at, true
		}
	}
	return time.Time{}, false
}

// storage is charged in the month after: in the US under the old names, in
// Europe under the new ones with VAT on it.
func (l *ledger) storage() {
	for _, s := range []struct {
		day       int
		old, name string
		cents     int64
	}{
		{8, "Storage Fee", "FBA Inventory Storage Fee", 1150},
		{18, "StorageRenewalBilling", "FBA Long Term Storage Fee", 190},
	} {
		at, ok := l.monthly(s.day)
		if !ok {
			continue
		}
		cents := l.about(l.scaled(s.cents))
		if l.Tax == Facilitator {
			l.add(posting(s.old, -cents, at))
			continue
		}
		l.add(fee("FBAFees", s.name, "Base fee", -cents, at), fee("FBAFees", s.name, "Tax on fee", -part(cents, l.Markets[0].VAT), at))
	}
}

func (l *ledger) subscription() {
	at, ok := l.monthly(3)
	if !ok {
		return
	}
	l.add(posting("Subscription Fee", -3999, at))
	if l.n == 9 || l.n == 10 {
		l.add(posting("SubscriptionFeeCorrection", 3999, at.Add(26*time.Hour)))
	}
}

// advertising is charged whenever the account's threshold is reached.
func (l *ledger) advertising() {
	for k := range 4 {
		l.add(fee("ServiceFee", "Cost of Advertising", "TransactionTotalAmount", -l.about(l.scaled(110)), l.at(20+80*k)))
	}
	if l.n%7 == 5 {
		l.add(fee("ServiceFee", "Refund for Advertiser", "TransactionTotalAmount", l.about(1900), l.at(310)))
	}
}

// inbound is what sending stock costs. The fees carry an inbound shipment's id,
// the newer ones where an order's id would be.
func (l *ledger) inbound() {
	freight := posting("FBAInboundTransportationFee", -l.about(l.scaled(210)), l.at(100))
	freight.ShipmentID = "FBA" + word(l.chance, 9)
	l.add(freight)
	if l.n%3 == 1 {
		for range 1 + l.chance.IntN(3) {
			placed := fee("FBAFees", "FBA Inbound Placement Service Fee", "Base fee", -l.about(l.scaled(60)), l.at(101))
			placed.OrderID = "FBA" + word(l.chance, 9)
			l.add(placed)
		}
	}
	if l.n%6 == 2 {
		l.add(posting("Unplanned Service Fee - Barcode label missing", -1485, l.at(122)))
	}
	if l.Lean > 0 && l.n%l.Lean == l.Lean-1 {
		// Freight for the season eats more than a cycle brings in.
		sea := posting("FBA International Freight Shipping Charge", -l.scaled(75_000), l.at(300))
		sea.ShipmentID = "FBA" + word(l.chance, 9)
		l.add(sea)
	}
}

// removals take stock out; their order ids are of removal orders.
func (l *ledger) removals() {
	if l.n%3 != 0 {
		return
	}
	for _, description := range []string{"RemovalComplete", "DisposalComplete"} {
		gone := posting(description, -104*(1+l.chance.Int64N(9)), l.at(160))
		gone.OrderID = word(l.chance, 10)
		l.add(gone)
	}
}

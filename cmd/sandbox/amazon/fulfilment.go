package amazon

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"tieout/cmd/sandbox/seller"
)

// How long Amazon takes with an order of another channel, from when it came in
// or was released.
const (
	untilPlanned   = 2 * time.Minute // received before
	untilPacked    = 5 * time.Minute // planned before; can be cancelled until then
	untilSent      = 30 * time.Minute
	betweenParcels = 20 * time.Minute
	untilDriven    = 44 * time.Hour
	untilDelivered = 48 * time.Hour

	// plenty is how much Amazon has of what nobody said otherwise of.
	plenty = 1000
	// nowhere is a postal code that Amazon cannot send to.
	nowhere = "00000"
)

// scarce are the SKUs that Amazon has little of.
var scarce = map[string]int{"OUT-ROPE-06": 0, "OUT-CHAR-04": 3}

// States of an order, in the older version's words; the newer one knows fewer.
const (
	stateReceived      = "Received"
	statePlanning      = "Planning"
	stateProcessing    = "Processing"
	stateComplete      = "Complete"
	statePartial       = "CompletePartialled"
	stateCancelled     = "Cancelled"
	stateUnfulfillable = "Unfulfillable"
	stateInvalid       = "Invalid"
)

// fulfilment is an order of another channel that Amazon is asked to ship.
type fulfilment struct {
	ID, Display, Comment, Market, Speed, Policy, Channel string

	Date    time.Time
	Address map[string]any // as it was given
	Items   []fulfilmentItem

	number    int // of the seller's orders
	received  time.Time
	began     time.Time // received or released; zero while held
	cancelled time.Time
	hurried   time.Time // when time was let pass for it alone
}

// fulfilmentItem is one line.
type fulfilmentItem struct {
	ID, SKU  string
	Quantity int
	short    int // of it that Amazon does not have
}

// parcel is a shipment with its one package.
type parcel struct {
	number int
	sent   time.Time // planned; compare with now
	items  []fulfilmentItem
}

// standing is an order at an instant.
type standing struct {
	*fulfilment
	state   string
	updated time.Time
	parcels []parcel
}

var fulfilmentID = regexp.MustCompile(`^[A-Za-z0-9-]{1,40}$`)

// plan splits what can be sent into at most two parcels: the first line, and the rest.
func (f *fulfilment) plan() []parcel {
	var parcels []parcel
	for _, item := range f.Items {
		if item.Quantity -= item.short; item.Quantity <= 0 {
			continue
		}
		if len(parcels) < 2 {
			n := len(parcels) + 1
			parcels = append(parcels, parcel{number: f.number*10 + n, sent: f.began.Add(untilSent + time.Duration(n-1)*betweenParcels)})
		}
		last := &parcels[len(parcels)-1]
		last.items = append(last.items, item)
	}
	return parcels
}

func (f *fulfilment) short() bool {
	return slices.ContainsFunc(f.Items, func(i fulfilmentItem) bool { return i.short > 0 })
}

// at says how far Amazon is. What an order was hurried to happened when it was
// hurried, however long ago it would have been: changes never go back in time.
func (f *fulfilment) at(now time.Time) standing {
	s := f.reached(now)
	if s.updated.Before(f.hurried) && !f.hurried.After(now) {
		s.updated = f.hurried
	}
	return s
}

func (f *fulfilment) reached(now time.Time) standing {
	s := standing{fulfilment: f, state: stateReceived, updated: f.received}
	reach := func(state string, when time.Time) {
		if !when.After(now) {
			s.state, s.updated = state, when
		}
	}
	switch {
	case !f.cancelled.IsZero():
		s.state, s.updated = stateCancelled, f.cancelled
		return s
	case f.Address["postalCode"] == nowhere:
		reach(stateInvalid, f.received.Add(untilPlanned))
		return s
	case f.began.IsZero():
		return s
	}
	reach(statePlanning, f.began.Add(untilPlanned))
	s.parcels = f.plan()
	if len(s.parcels) == 0 || (f.short() && f.Policy == "FillOrKill") {
		s.parcels = nil
		reach(stateUnfulfillable, f.began.Add(untilPacked))
		return s
	}
	reach(stateProcessing, f.began.Add(untilPacked))
	if s.state != stateProcessing {
		s.parcels = nil
		return s
	}
	for i, p := range s.parcels {
		end := stateProcessing
		if i == len(s.parcels)-1 {
			end = stateComplete
			if f.short() {
				end = statePartial
			}
		}
		reach(end, p.sent)
	}
	return s
}

// cancelledOf and shortOf are how much of a line is not sent, as it stands.
func (s standing) cancelledOf(i fulfilmentItem) int {
	if s.state == stateCancelled {
		return i.Quantity
	}
	return 0
}

func (s standing) shortOf(i fulfilmentItem) int {
	switch s.state {
	case stateUnfulfillable:
		return i.Quantity
	case stateProcessing, statePartial:
		return i.short
	}
	return 0
}

// track is where a package is.
func (p parcel) track(now time.Time) string {
	switch {
	case p.sent.After(now):
		return "PROCESSING"
	case !p.sent.Add(untilDelivered).After(now):
		return "DELIVERED"
	case !p.sent.Add(untilDriven).After(now):
		return "OUT_FOR_DELIVERY"
	}
	return "IN_TRANSIT"
}

func (p parcel) carrier() (code, number string) {
	if p.number%2 == 0 {
		return "AMZN_US", fmt.Sprintf("TBA%012d", p.number)
	}
	return "UPS", fmt.Sprintf("1Z999AA1%010d", p.number)
}

// stock is how much Amazon has of an SKU; the caller holds mu.
func (a *account) stock(sku string) int {
	if units, set := a.stored[sku]; set {
		return units
	}
	if units, little := scarce[sku]; little {
		return units
	}
	if slices.ContainsFunc(seller.Products(), func(p seller.Product) bool { return p.SKU == sku }) {
		return plenty
	}
	return 0
}

// fulfil takes an order; wrong is why Amazon does not.
func (a *account) fulfil(f fulfilment, hold bool, now time.Time) (*fulfilment, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.acceptable(f); err != nil {
		return nil, err
	}
	f.received, f.number = now, len(a.fulfilments)+1
	if !hold {
		f.began = now
	}
	for i := range f.Items {
		item := &f.Items[i]
		has := a.stock(item.SKU)
		item.short = max(0, item.Quantity-has)
		a.stored[item.SKU] = has - (item.Quantity - item.short)
	}
	a.fulfilments = append(a.fulfilments, &f)
	return &f, nil
}

// acceptable is what Amazon refuses at once; the caller holds mu.
func (a *account) acceptable(f fulfilment) error {
	switch {
	case !fulfilmentID.MatchString(f.ID):
		return errors.New("the order id may hold letters, digits and hyphens, at most 40")
	case a.fulfilmentOf(f.ID) != nil:
		return fmt.Errorf("order %s already exists", f.ID)
	case len(f.Items) == 0 || len(f.Items) > 100:
		return errors.New("an order has 1 to 100 items")
	case !slices.Contains([]string{"Standard", "Expedited", "Priority"}, f.Speed):
		return fmt.Errorf("shipping speed %q is not available here", f.Speed)
	case !slices.Contains([]string{"FillOrKill", "FillAll", "FillAllAvailable"}, f.Policy):
		return fmt.Errorf("fulfilment policy %q is not known", f.Policy)
	}
	units := 0
	for _, item := range f.Items {
		if item.Quantity < 1 {
			return fmt.Errorf("item %s has a quantity of %d", item.ID, item.Quantity)
		}
		units += item.Quantity
	}
	if units > 250 {
		return errors.New("an order has at most 250 units")
	}
	return nil
}

// fulfilmentOf returns an order; nil when there is none. The caller holds mu.
func (a *account) fulfilmentOf(id string) *fulfilment {
	i := slices.IndexFunc(a.fulfilments, func(f *fulfilment) bool { return f.ID == id })
	if i < 0 {
		return nil
	}
	return a.fulfilments[i]
}

// onFulfilment does something to an order; found is false when there is none.
func (a *account) onFulfilment(id string, do func(f *fulfilment) error) (found bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.fulfilmentOf(id)
	if f == nil {
		return false, nil
	}
	return true, do(f)
}

// standings are the orders that changed since an instant, the oldest change first.
func (a *account) standings(since, now time.Time) []standing {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []standing
	for _, f := range a.fulfilments {
		copied := *f
		copied.Items = slices.Clone(f.Items)
		if s := copied.at(now); !s.updated.Before(since) {
			list = append(list, s)
		}
	}
	slices.SortStableFunc(list, func(x, y standing) int { return x.updated.Compare(y.updated) })
	return list
}

// standing is one order as it stands.
func (a *account) standing(id string, now time.Time) (standing, bool) {
	for _, s := range a.standings(time.Time{}, now) {
		if s.ID == id {
			return s, true
		}
	}
	return standing{}, false
}

// withdraw cancels an order that is not yet packed.
func (f *fulfilment) withdraw(now time.Time) error {
	if s := f.at(now); s.state != stateReceived && s.state != statePlanning {
		return fmt.Errorf("order %s is %s and cannot be cancelled", f.ID, strings.ToLower(s.state))
	}
	f.cancelled = now
	return nil
}

func (f *fulfilment) release(now time.Time) error {
	if !f.began.IsZero() || !f.cancelled.IsZero() {
		return fmt.Errorf("order %s is not on hold", f.ID)
	}
	f.began = now
	return nil
}

// Hurry lets time pass for one order of another channel alone.
func (s *Server) Hurry(account, id string, by time.Duration) error {
	return s.control(account, id, func(f *fulfilment) error {
		f.received, f.hurried = f.received.Add(-by), s.cfg.Now()
		if !f.began.IsZero() {
			f.began = f.began.Add(-by)
		}
		return nil
	})
}

// Spoil lets Amazon find that it lacks units of an order's SKU after all.
func (s *Server) Spoil(account, id, sku string, units int) error {
	return s.control(account, id, func(f *fulfilment) error {
		for i := range f.Items {
			if f.Items[i].SKU == sku {
				f.Items[i].short = min(units, f.Items[i].Quantity)
				return nil
			}
		}
		return fmt.Errorf("order %s has no %s", id, sku)
	})
}

// Store says how much Amazon has of an SKU.
func (s *Server) Store(account, sku string, units int) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.stored[sku] = units
	return nil
}

// Fulfilled returns the ids of a seller's orders of other channels with their
// states, as they came.
func (s *Server) Fulfilled(account string) (map[string]string, error) {
	a, err := s.account(account)
	if err != nil {
		return nil, err
	}
	list := map[string]string{}
	for _, one := range a.standings(time.Time{}, s.cfg.Now()) {
		list[one.ID] = one.state
	}
	return list, nil
}

// Asked returns how many units each order of another channel asks for, by id.
func (s *Server) Asked(account string) (map[string]int, error) {
	a, err := s.account(account)
	if err != nil {
		return nil, err
	}
	units := map[string]int{}
	for _, one := range a.standings(time.Time{}, s.cfg.Now()) {
		for _, item := range one.Items {
			units[one.ID] += item.Quantity
		}
	}
	return units, nil
}

func (s *Server) control(account, id string, do func(*fulfilment) error) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	found, err := a.onFulfilment(id, do)
	if err == nil && !found {
		return fmt.Errorf("there is no order %q", id)
	}
	return err
}

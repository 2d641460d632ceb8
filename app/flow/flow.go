// Package flow is the spine of every exchange between Amazon and P21: trigger,
// extract, map, check, deliver, with one storage, one way to fail and one way
// to go on.
//
// A record is one business object of a flow, by the source's own key. Its
// states:
//
//	received   the source told of it; it may wait for the source (a pending order)
//	ready      mapped and checked
//	delivering written down as on its way; from here on the other side may hold it
//	delivered  the other side holds it, read back and equal
//	exception  a cause stands in the queue; when it is gone the record goes on
//	unknown    whether the other side holds it cannot be known; a person decides
//	ignored    with a reason, by a person or because there is nothing to do
//
// The database holds these states (migrations/00023_flow.sql). A new flow is a
// package that implements Flow, and one line where the program is wired.
package flow

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/money"
	"tieout/app/outbound"
)

// Flow is one exchange. Its methods are called from several workers at once.
type Flow interface {
	// Definition says what the flow is and how it maps and checks as shipped.
	Definition() Definition
	// Extract reads what changed at the source in a window, page by page, and
	// returns up to when the source has been read: the end of the window, or
	// earlier where the source says so; the zero time where it tells nothing yet.
	Extract(ctx context.Context, connectionID int64, w Window, take Take) (until time.Time, err error)
	// Fetch reads one object by its key.
	Fetch(ctx context.Context, connectionID int64, key string, take Take) error
	// Read makes a content readable for formulas.
	Read(content json.RawMessage) (Source, error)
	// Complete adds what formulas cannot know, such as the item that a SKU stands
	// for. It returns *Obstacle when a person must do something first, *Pause when
	// time must pass, and *Nothing when there is nothing to do after all.
	Complete(ctx context.Context, r Record, m Mapped) (Mapped, error)
	// Message says how the record is told to the other side.
	Message(r Record, m Mapped) (Message, error)
	// Target is the other side of a record's connection.
	Target(ctx context.Context, r Record) (outbound.Target, error)
}

// Batched is a Flow whose target takes many records at once: so many are in hand
// together.
type Batched interface{ Batch() int }

// Definition is what a flow is.
type Definition struct {
	Name     string // as in addresses and the database: "orders"
	Title    string // "Orders"
	From, To string // "Amazon orders", "P21 sales orders"
	Key      string // what the source's key is called: "Amazon order"
	Remote   string // what the other side's key is called: "P21 order"
	Every    time.Duration
	Overlap  time.Duration // read again at each poll, for what the source lists late
	First    time.Duration // how far back the very first reading goes
	Fields   []Field
	Checks   []Check
	// Selects names the Flag field that says which of the source's objects the
	// flow is about at all, where the source tells of many others; see Window.
	Selects string
	// Renews: a version that is put into use maps what was sent before anew,
	// because what is sent describes a state and not an event.
	Renews bool
	// Settings are what the flow asks of an administrator besides formulas.
	Settings []Setting
	// Environments holds, per list, an empty environment of its formulas; "" is
	// the record itself.
	Environments map[string]any
}

// Field is a target field with the formula it has as shipped.
type Field struct {
	List    string // "" or the name of a list, whose formula runs once per element
	Name    string
	Type    expression.Type
	Formula string
	Help    string
	// Personal: what it comes to tells of a person: a name, an address.
	Personal bool
}

// Setting is one of a few choices, per connection.
type Setting struct {
	Name, Title, Help string
	Choices           []Choice // the first is the default
}

// Choice is one value of a setting.
type Choice struct{ Value, Title string }

// Check is a business rule; its formula holds when all is well.
type Check struct {
	Name     string
	List     string
	Formula  string
	Message  string // for the person who must act
	Severity string // Stops or Warns
}

// Severities of checks.
const (
	Stops = "error"
	Warns = "warning"
)

// Window is a stretch of the source's time.
type Window struct {
	Since, Until time.Time
	Read         time.Time // up to when the source has been read; zero: never
	// Selects runs the formula in use of Definition.Selects on a content.
	Selects func(content json.RawMessage) (bool, error)
}

// Page is a raw answer of the source and what was found in it.
type Page struct {
	Kind        string // of the document: "amazon_orders"
	Name        string
	ContentType string
	Source      string // of the document; "": Amazon
	Raw         []byte
	Arrivals    []Arrival
}

// Arrival is one object that a page tells of.
type Arrival struct {
	Key      string
	At       time.Time // when the source says it changed
	Content  json.RawMessage
	Position int // in the page, from 0
}

// Take stores a page.
type Take func(ctx context.Context, p Page) error

// Source is a content as formulas and lists see it.
type Source struct {
	Header any              // environment of the record's formulas
	Lists  map[string][]any // environments of each list's elements
	Title  string
	Amount money.Amount // at stake; no currency: none
	Wait   string       // why it is not to be sent yet; the next content decides
	Skip   string       // why it never is, unless the other side holds it already
}

// Mapped is what the formulas came to: string, decimal.Decimal, int or bool.
type Mapped struct {
	Header map[string]any              `json:"header"`
	Lists  map[string][]map[string]any `json:"lists,omitempty"`
	// Remarks are what the other side said of it beforehand: noted on the record,
	// no part of what is sent.
	Remarks []string `json:"-"`
}

// Record is a record as a flow sees it.
type Record struct {
	ID           int64
	ConnectionID int64
	Key          string
	ChangedAt    time.Time       // at the source
	RemoteKey    string          // "" until the other side holds it
	Deliveries   int             // how often it was delivered before
	Target       json.RawMessage // what it was mapped to when it was last on its way; nil: never
	Content      json.RawMessage // as the source told of it; in Complete alone
}

// Message is one delivery. The first of a record and later changes have kinds
// of their own, because they are different requests.
type Message struct {
	Kind      string
	Target    string // company or seller
	Reference string // unique per kind and target
	Payload   json.RawMessage
}

// Obstacle is a cause that a person must remove before a record goes on.
type Obstacle struct {
	Class  exception.Class
	Cause  string // what makes two of a class the same: the SKU
	Title  string
	Detail map[string]any
	Words  string       // for this record
	Amount money.Amount // at stake, where the source does not tell; no currency: as it does
}

func (o *Obstacle) Error() string { return o.Title }

// Pause puts a record off without blaming anybody: the other side is there and
// not ready for it. Complete returns it, and a target that is not done yet.
type Pause struct {
	Words string
	Least time.Duration // until it is looked at again
}

func (p *Pause) Error() string { return p.Words }

// Nothing ignores a record that the other side does not hold.
type Nothing struct{ Reason string }

func (n *Nothing) Error() string { return n.Reason }

// Lists returns the names of the flow's lists, in order.
func (d Definition) Lists() []string {
	var lists []string
	for list := range d.Environments {
		if list != "" {
			lists = append(lists, list)
		}
	}
	slices.Sort(lists)
	return lists
}

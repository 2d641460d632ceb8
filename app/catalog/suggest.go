package catalog

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"tieout/sqlc"
)

// What a reason is worth. The same evidence is worth less further down; titles
// alone never outrank a code or a number.
const (
	byIdentifier = 1.0
	bySKUHere    = 0.95
	byASIN       = 0.93
	bySKUThere   = 0.9
	byCode       = 0.88
	byStem       = 0.82
	byStemCode   = 0.78
	byTitle      = 0.7 // times the likeness
)

// Suggest ranks the items that an SKU may stand for, each with its reason in
// words. Nothing of it is ever applied by itself.
func (s *Service) Suggest(ctx context.Context, connectionID int64, marketplace, sku string, limit int) ([]Suggestion, error) {
	all, err := listings(ctx, s.pool, connectionID, sku)
	if err != nil {
		return nil, err
	}
	x := search{s: s, q: sqlc.New(s.pool), connection: connectionID, marketplace: marketplace, sku: sku, found: map[string]Suggestion{}}
	x.stem, x.quantity = Stem(sku)
	for _, l := range all {
		x.identifiers = append(x.identifiers, l.Identifiers...)
		if l.ASIN != "" {
			x.asins = append(x.asins, l.ASIN)
		}
		if x.title == "" || l.Marketplace == marketplace {
			x.title = l.Title
		}
	}
	for _, look := range []func(context.Context) error{x.identifier, x.sameSKU, x.asin, x.code, x.past, x.likeTitle} {
		if err := look(ctx); err != nil {
			return nil, err
		}
	}
	return x.ranked(limit), nil
}

// search is what is known about an SKU and what it was found to be like.
type search struct {
	s                             *Service
	q                             *sqlc.Queries
	connection                    int64
	marketplace, sku, stem, title string
	quantity                      int // as the SKU's ending tells it
	identifiers, asins            []string
	found                         map[string]Suggestion
}

// add keeps the best reason for an item.
func (x *search) add(code, description string, quantity int, score float64, reason string, args ...any) {
	if known, ok := x.found[code]; ok && known.Score >= score {
		return
	}
	x.found[code] = Suggestion{code, description, quantity, fmt.Sprintf(reason, args...), score}
}

func (x *search) ranked(limit int) []Suggestion {
	list := make([]Suggestion, 0, len(x.found))
	for _, suggestion := range x.found {
		list = append(list, suggestion)
	}
	slices.SortFunc(list, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.ProductCode, b.ProductCode))
	})
	return list[:min(limit, len(list))]
}

// packed says where the quantity comes from.
func (x *search) packed() string {
	if x.quantity == 1 {
		return ""
	}
	return fmt.Sprintf("; the SKU's ending says %d of it", x.quantity)
}

func (x *search) identifier(ctx context.Context) error {
	wanted := append(slices.Clone(x.identifiers), x.asins...)
	if len(wanted) == 0 {
		return nil
	}
	rows, err := x.q.SuggestByIdentifier(ctx, sqlc.SuggestByIdentifierParams{ConnectionID: x.connection, Identifiers: wanted})
	if err != nil {
		return fmt.Errorf("suggest by identifier: %w", err)
	}
	for _, r := range rows {
		x.add(r.Code, r.Description, x.quantity, byIdentifier, "P21 knows the item by the listing's number %s%s", r.Identifier, x.packed())
	}
	return nil
}

func (x *search) sameSKU(ctx context.Context) error {
	rows, err := x.q.SuggestBySKU(ctx, sqlc.SuggestBySKUParams{ConnectionID: x.connection, Sku: x.sku})
	if err != nil {
		return fmt.Errorf("suggest by SKU: %w", err)
	}
	for _, r := range rows {
		switch {
		case r.ConnectionID != x.connection:
			x.add(r.Code, r.Description, int(r.Quantity), bySKUThere, "The same SKU stands for it in the connection %s", r.ConnectionName)
		case r.Marketplace != x.marketplace && r.Marketplace != EveryMarketplace:
			x.add(r.Code, r.Description, int(r.Quantity), bySKUHere, "The same SKU stands for it in another marketplace")
		default:
			x.add(r.Code, r.Description, int(r.Quantity), bySKUHere, "The SKU stood for it before")
		}
	}
	return nil
}

func (x *search) asin(ctx context.Context) error {
	if len(x.asins) == 0 {
		return nil
	}
	rows, err := x.q.SuggestByASIN(ctx, sqlc.SuggestByASINParams{ConnectionID: x.connection, Asins: x.asins, Sku: x.sku, OnDay: x.s.Today().Time()})
	if err != nil {
		return fmt.Errorf("suggest by ASIN: %w", err)
	}
	for _, r := range rows {
		x.add(r.Code, r.Description, int(r.Quantity), byASIN, "The same ASIN is mapped to it under the SKU %s", r.Sku)
	}
	return nil
}

func (x *search) code(ctx context.Context) error {
	rows, err := x.q.SuggestBySqueezed(ctx, sqlc.SuggestBySqueezedParams{ConnectionID: x.connection, Squeezed: []string{Squeeze(x.sku), x.stem}})
	if err != nil {
		return fmt.Errorf("suggest by code: %w", err)
	}
	for _, r := range rows {
		if r.Squeezed == Squeeze(x.sku) {
			x.add(r.Code, r.Description, 1, byCode, "The SKU is its code, but for blanks, hyphens and case")
			continue
		}
		x.add(r.Code, r.Description, x.quantity, byStemCode, "The SKU without its ending is its code%s", x.packed())
	}
	return nil
}

func (x *search) past(ctx context.Context) error {
	rows, err := x.q.SuggestByStem(ctx, sqlc.SuggestByStemParams{ConnectionID: x.connection, Stem: x.stem, Sku: x.sku, OnDay: x.s.Today().Time()})
	if err != nil {
		return fmt.Errorf("suggest by past choices: %w", err)
	}
	for _, r := range rows {
		x.add(r.Code, r.Description, x.quantity, byStem, "%s, the same but for its ending, is mapped to it%s", r.Sku, x.packed())
	}
	return nil
}

// titleRows is how many items like the title are looked at.
const titleRows = 10

func (x *search) likeTitle(ctx context.Context) error {
	if x.title == "" {
		return nil
	}
	rows, err := x.q.SuggestByTitle(ctx, sqlc.SuggestByTitleParams{ConnectionID: x.connection, Title: x.title, PageSize: titleRows})
	if err != nil {
		return fmt.Errorf("suggest by title: %w", err)
	}
	for _, r := range rows {
		x.add(r.Code, r.Description, x.quantity, byTitle*r.Likeness, "Its description is %.0f%% like the title%s", 100*r.Likeness, x.packed())
	}
	return nil
}

package web

import (
	"fmt"
	"net/url"
	"strconv"

	"tieout/app/fault"
	"tieout/app/journal"
	"tieout/app/settlement"
	"tieout/views"
)

// search finds pages and objects by id, reference, number, order or SKU.
func (s *server) search(r *request) error {
	text := r.query().text("q", 80)
	found := views.Search{Query: text}
	if text != "" {
		for _, look := range []func(*request, string) (views.HitGroup, error){s.searchSettlements, s.searchEntries, s.searchOrders} {
			group, err := look(r, text)
			if err != nil {
				return err
			}
			if len(group.Hits) > 0 {
				found.Groups = append(found.Groups, group)
			}
		}
	}
	return r.show(views.SearchPage(r.page("Search", views.Overview), found))
}

const searchHits = 8

func (s *server) searchSettlements(r *request, text string) (views.HitGroup, error) {
	group := views.HitGroup{Title: "Settlements"}
	items, err := s.Settlements.List(r.ctx(), settlement.Filter{Search: text, PageSize: searchHits})
	for _, item := range items {
		group.Hits = append(group.Hits, views.Hit{Icon: "receipt-text", Text: item.AmazonID, Note: item.ConnectionName + " " + item.Currency, Href: fmt.Sprintf("/settlements/%d", item.ID)})
	}
	return group, err
}

func (s *server) searchEntries(r *request, text string) (views.HitGroup, error) {
	group := views.HitGroup{Title: "Journal entries"}
	items, err := s.Entries.List(r.ctx(), journal.Filter{Search: text, PageSize: searchHits})
	for _, item := range items {
		group.Hits = append(group.Hits, views.Hit{Icon: "book-open-text", Text: item.Reference, Note: entryPill(item.Status).Text, Href: "/entries/" + strconv.FormatInt(item.ID, 10)})
	}
	return group, err
}

func (s *server) searchOrders(r *request, text string) (views.HitGroup, error) {
	group := views.HitGroup{Title: "Orders and SKUs"}
	places, err := s.Settlements.Places(r.ctx(), text, searchHits)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return group, err
	}
	for _, p := range places {
		name := "order"
		if p.SKU {
			name = "sku"
		}
		group.Hits = append(group.Hits, views.Hit{Icon: "receipt-text", Text: text, Note: fmt.Sprintf("%d lines in settlement %s", p.Lines, p.AmazonID),
			Href: fmt.Sprintf("/settlements/%d/lines?%s=%s", p.SettlementID, name, url.QueryEscape(text))})
	}
	return group, nil
}

package amazon

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"tieout/cmd/sandbox/seller"
)

var (
	getListingsItem     = operation{"getListingsItem", 5, 10}
	searchListingsItems = operation{"searchListingsItems", 5, 5}
	patchListingsItem   = operation{"patchListingsItem", 5, 5}
)

const listingsPath = "/listings/2021-08-01/items/"

// mostFound is how many listings a search pages through.
const mostFound = 1000

// listing is an SKU that the seller ships.
type listing struct {
	channel  string // DEFAULT: the seller ships
	quantity int
	broken   string // why Amazon takes no change of it; "": it does
	created  time.Time
}

// attributes are what a seller wrote of a listing, by name.
type attributes map[string][]map[string]any

// writing is what a seller wrote of an SKU, and what Amazon does not show yet.
type writing struct {
	shown, next attributes
	due         time.Time
	patches     int
}

func (w *writing) at(now time.Time) attributes {
	if w.next != nil && !w.due.After(now) {
		w.shown, w.next = w.next, nil
	}
	return w.shown
}

// listingPatch is the body of patchListingsItem.
type listingPatch struct {
	ProductType string
	Patches     []struct {
		Op, Path string
		Value    []map[string]any
	}
}

// listingIssue is an entry of a submission's issues.
type listingIssue struct {
	Code       string   `json:"code"`
	Message    string   `json:"message"`
	Severity   string   `json:"severity"`
	Attributes []string `json:"attributeNames"`
	Categories []string `json:"categories"`
}

func (s *Server) listingRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET "+listingsPath+"{seller}/{sku}", s.limited(getListingsItem, s.serveListing))
	mux.HandleFunc("PATCH "+listingsPath+"{seller}/{sku}", s.limited(patchListingsItem, s.servePatch))
	mux.HandleFunc("GET "+listingsPath+"{seller}", s.limited(searchListingsItems, s.serveListings))
}

func listingOperation(r *http.Request) string {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), listingsPath)
	switch {
	case !ok:
		return ""
	case r.Method == http.MethodPatch:
		return patchListingsItem.name
	case strings.Contains(rest, "/"):
		return getListingsItem.name
	}
	return searchListingsItems.name
}

// List puts an SKU on a seller's list of what the seller ships, or changes what
// Amazon thinks of it: with a reason, it takes no change.
func (s *Server) List(account, sku string, quantity int, broken string) error {
	a, err := s.account(account)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	created := s.cfg.Now()
	if known := a.listed[sku]; known != nil {
		created = known.created
	}
	a.listed[sku] = &listing{"DEFAULT", quantity, broken, created}
	return nil
}

// Listed returns how many units of each SKU that the seller ships Amazon offers.
func (s *Server) Listed(account string) (map[string]int, error) {
	a, err := s.account(account)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	offered := map[string]int{}
	for sku, l := range a.listed {
		offered[sku] = l.quantity
	}
	return offered, nil
}

// Attribute returns what Amazon shows of an attribute of a listing, as JSON, and
// how often the listing was patched.
func (s *Server) Attribute(account, sku, name string) (value string, patches int, err error) {
	a, err := s.account(account)
	if err != nil {
		return "", 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	w := a.writingOf(sku)
	raw, err := json.Marshal(w.at(s.cfg.Now())[name])
	return string(raw), w.patches, err
}

// writingOf returns what was written of an SKU. The caller holds mu.
func (a *account) writingOf(sku string) *writing {
	w := a.written[sku]
	if w == nil {
		w = &writing{shown: attributes{}}
		if p, ok := productOf(sku); ok {
			w.shown["item_name"] = []map[string]any{{"value": p.Title, "language_tag": "en_US"}}
		}
		a.written[sku] = w
	}
	return w
}

// productOf finds what the sellers' own story sells.
func productOf(sku string) (seller.Product, bool) {
	list := seller.Products()
	i := slices.IndexFunc(list, func(p seller.Product) bool { return p.SKU == sku })
	if i < 0 {
		return seller.Product{}, false
	}
	return list[i], true
}

// serveListing answers for what the seller ships; all that the sellers' own
// story sells is Amazon's to ship.
func (s *Server) serveListing(w http.ResponseWriter, r *http.Request, a *account) {
	sku := r.PathValue("sku")
	a.mu.Lock()
	defer a.mu.Unlock()
	item := s.item(a, sku, r.URL.Query().Get("marketplaceIds"), r.URL.Query().Get("includedData"))
	if item == nil {
		writeErrors(w, http.StatusNotFound, "NOT_FOUND", "SKU '"+sku+"' not found in marketplace "+r.URL.Query().Get("marketplaceIds"), "")
		return
	}
	write(w, http.StatusOK, item)
}

// item is a listing with the data that is asked for; nil: there is none. The
// caller holds mu.
func (s *Server) item(a *account, sku, marketplaces, data string) map[string]any {
	l, product, created := a.listed[sku], seller.Product{}, time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	p, sold := productOf(sku)
	switch {
	case l != nil:
		created = l.created
		product.Title = "What the seller calls " + sku
	case sold:
		product = p
	default:
		return nil
	}
	item := map[string]any{"sku": sku}
	for _, wanted := range strings.Split(data, ",") {
		switch wanted {
		case "summaries", "":
			item["summaries"] = []map[string]any{listingSummary(product, marketplaces, created)}
		case "attributes":
			item[wanted] = a.writingOf(sku).at(s.cfg.Now())
		case "issues":
			item[wanted] = []listingIssue{}
		case "productTypes":
			item[wanted] = []map[string]string{{"marketplaceId": marketplaces, "productType": "KITCHEN"}}
		case "fulfillmentAvailability":
			item[wanted] = a.offered(l)
		}
	}
	return item
}

func listingSummary(p seller.Product, marketplace string, created time.Time) map[string]any {
	summary := map[string]any{"marketplaceId": marketplace, "productType": "KITCHEN", "itemName": p.Title, "status": []string{"BUYABLE", "DISCOVERABLE"},
		"createdDate": created.UTC().Format(time.RFC3339), "lastUpdatedDate": created.UTC().Format(time.RFC3339)}
	if p.ASIN != "" {
		summary["asin"], summary["fnSku"] = p.ASIN, "X0"+strings.TrimPrefix(p.ASIN, "B0")
	}
	return summary
}

func (a *account) offered(l *listing) []map[string]any {
	if l == nil {
		return []map[string]any{{"fulfillmentChannelCode": "AMAZON_" + strings.ToUpper(a.seller().Region)}}
	}
	return []map[string]any{{"fulfillmentChannelCode": l.channel, "quantity": l.quantity}}
}

// servePatch replaces attributes; with mode VALIDATION_PREVIEW it only says what
// it thinks of that.
func (s *Server) servePatch(w http.ResponseWriter, r *http.Request, a *account) {
	sku, mode := r.PathValue("sku"), r.URL.Query().Get("mode")
	var in listingPatch
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.ProductType == "" || len(in.Patches) == 0 || r.URL.Query().Get("marketplaceIds") == "" {
		invalid(w, "Invalid request body or marketplaceIds.", "")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if s.item(a, sku, "", "") == nil {
		writeErrors(w, http.StatusNotFound, "NOT_FOUND", "SKU '"+sku+"' not found.", "")
		return
	}
	issues := a.review(sku, in)
	status := "ACCEPTED"
	if mode != "" {
		status = "VALID"
	}
	if slices.ContainsFunc(issues, func(i listingIssue) bool { return i.Severity == "ERROR" }) {
		status = "INVALID"
	}
	if status == "ACCEPTED" {
		s.patch(a.writingOf(sku), in)
	}
	write(w, http.StatusOK, map[string]any{"sku": sku, "status": status, "submissionId": fmt.Sprintf("f%031d", a.writingOf(sku).patches+1), "issues": issues})
}

func (s *Server) patch(w *writing, in listingPatch) {
	next := maps.Clone(w.at(s.cfg.Now()))
	if w.next != nil {
		next = w.next
	}
	for _, p := range in.Patches {
		next[strings.TrimPrefix(p.Path, "/attributes/")] = p.Value
	}
	w.next, w.due = next, s.cfg.Now().Add(s.cfg.Writes)
	w.patches++
}

// review says what Amazon thinks of a patch.
func (a *account) review(sku string, in listingPatch) []listingIssue {
	issues := []listingIssue{}
	say := func(code, severity, attribute, message string) {
		issues = append(issues, listingIssue{code, message, severity, []string{attribute}, []string{"INVALID_ATTRIBUTE"}})
	}
	for _, p := range in.Patches {
		name, ok := strings.CutPrefix(p.Path, "/attributes/")
		switch {
		case !ok || strings.Contains(name, "/") || len(p.Value) == 0:
			say("4000001", "ERROR", name, "Only top-level attributes can be patched.")
			continue
		case p.Op != "replace" && p.Op != "merge" && p.Op != "add":
			say("4000001", "ERROR", name, "The operation "+p.Op+" is not supported.")
		}
		if l := a.listed[sku]; l != nil && l.broken != "" {
			say("90220", "ERROR", name, l.broken)
		}
		text, _ := p.Value[0]["value"].(string)
		if name == "item_name" && len(text) > 200 {
			say("101205", "ERROR", name, "'item_name' exceeds the maximum length of 200 characters.")
		}
		if name == "item_name" && text == strings.ToUpper(text) {
			say("99300", "WARNING", name, "'item_name' is in capital letters throughout.")
		}
	}
	return issues
}

// serveListings pages through a seller's listings, the oldest first.
func (s *Server) serveListings(w http.ResponseWriter, r *http.Request, a *account) {
	q := r.URL.Query()
	size, err := strconv.Atoi(q.Get("pageSize"))
	begin, _ := strconv.Atoi(q.Get("pageToken")) // the first page has none
	if err != nil || size < 1 || size > 20 || q.Get("marketplaceIds") == "" || q.Get("sortBy") != "createdDate" || q.Get("sortOrder") != "ASC" {
		invalid(w, "Invalid pageSize, marketplaceIds or sorting.", "")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	found := a.foundSince(q.Get("createdAfter"))
	items := []map[string]any{}
	end := min(begin+size, len(found), mostFound)
	for _, sku := range found[min(begin, end):end] {
		items = append(items, s.item(a, sku, q.Get("marketplaceIds"), q.Get("includedData")))
	}
	pagination := map[string]string{}
	if end < min(len(found), mostFound) {
		pagination["nextToken"] = strconv.Itoa(end)
	}
	write(w, http.StatusOK, map[string]any{"numberOfResults": len(found), "items": items, "pagination": pagination})
}

// foundSince are the SKUs that were listed at an instant or after it, in order.
// The caller holds mu.
func (a *account) foundSince(created string) []string {
	since, _ := time.Parse(time.RFC3339Nano, created) // the zero time: all
	var found []string
	if since.Before(time.Date(2024, 1, 2, 0, 0, 0, 0, time.UTC)) {
		for _, p := range seller.Products() {
			if a.listed[p.SKU] == nil {
				found = append(found, p.SKU)
			}
		}
	}
	own := slices.SortedFunc(maps.Keys(a.listed), func(x, y string) int {
		if c := a.listed[x].created.Compare(a.listed[y].created); c != 0 {
			return c
		}
		return strings.Compare(x, y)
	})
	for _, sku := range own {
		if !a.listed[sku].created.Truncate(time.Second).Before(since) {
			found = append(found, sku)
		}
	}
	return found
}

package amazon

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

var (
	getDestinations    = operation{"getDestinations", 1, 5}
	createDestination  = operation{"createDestination", 1, 5}
	getSubscription    = operation{"getSubscription", 1, 5}
	createSubscription = operation{"createSubscription", 1, 5}
	deleteSubscription = operation{"deleteSubscriptionById", 1, 5}
)

// destination is a queue that an application made known.
type destination struct {
	ID       string `json:"destinationId"`
	Name     string `json:"name"`
	Resource struct {
		SQS struct {
			ARN string `json:"arn"`
		} `json:"sqs"`
	} `json:"resource"`
}

// subscription has notifications of one type sent to a destination.
type subscription struct {
	ID          string `json:"subscriptionId"`
	Destination string `json:"destinationId"`
	Version     string `json:"payloadVersion"`
}

// queueKinds are the types that go to queues of SQS, and the version of each.
// Source: reference of the notification types.
func queueKinds(kind string) (version string, known bool) {
	switch kind {
	case "ORDER_CHANGE", "FBA_INVENTORY_AVAILABILITY_CHANGES", "FULFILLMENT_ORDER_STATUS":
		return "1.0", true
	case "REPORT_PROCESSING_FINISHED", "FEED_PROCESSING_FINISHED":
		return "2020-09-04", true
	}
	return "", false
}

func (s *Server) subscriptionRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /notifications/v1/destinations", s.grantless(getDestinations, s.serveDestinations))
	mux.HandleFunc("POST /notifications/v1/destinations", s.grantless(createDestination, s.serveCreateDestination))
	mux.HandleFunc("GET /notifications/v1/subscriptions/{kind}", s.limited(getSubscription, s.serveSubscription))
	mux.HandleFunc("POST /notifications/v1/subscriptions/{kind}", s.limited(createSubscription, s.serveSubscribe))
	mux.HandleFunc("DELETE /notifications/v1/subscriptions/{kind}/{id}", s.grantless(deleteSubscription, s.serveUnsubscribe))
}

func subscriptionOperation(r *http.Request) string {
	rest, ok := strings.CutPrefix(r.URL.Path, "/notifications/v1/")
	switch {
	case !ok:
		return ""
	case rest == "destinations" && r.Method == http.MethodPost:
		return createDestination.name
	case rest == "destinations":
		return getDestinations.name
	case r.Method == http.MethodPost:
		return createSubscription.name
	case r.Method == http.MethodDelete:
		return deleteSubscription.name
	}
	return getSubscription.name
}

// grantless wraps an operation that an application calls on its own behalf.
func (s *Server) grantless(op operation, next func(http.ResponseWriter, *http.Request, string)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		g, known := s.tokens[r.Header.Get("x-amz-access-token")]
		s.mu.Unlock()
		if !known || !s.cfg.Clock().Before(g.until) || g.client == "" {
			writeErrors(w, http.StatusForbidden, "Unauthorized", denied, "The call is made with a grantless token.")
			return
		}
		if !s.takeOf(g.client, op) {
			writeErrors(w, http.StatusTooManyRequests, "QuotaExceeded", "You exceeded your quota for the requested resource.", "")
			return
		}
		w.Header().Set(rateHeader, strconv.FormatFloat(op.rate*s.cfg.RateScale, 'f', -1, 64))
		next(w, r, g.client)
	}
}

func (s *Server) serveDestinations(w http.ResponseWriter, _ *http.Request, client string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	write(w, http.StatusOK, map[string]any{"payload": append([]destination{}, s.destinations[client]...)})
}

var queueARN = regexp.MustCompile(`^arn:aws:sqs:[^:\s]+:[^:\s]+:[^:\s]+$`)

func (s *Server) serveCreateDestination(w http.ResponseWriter, r *http.Request, client string) {
	var in struct {
		Name     string
		Resource struct {
			SQS struct{ ARN string }
		} `json:"resourceSpecification"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Name == "" || !queueARN.MatchString(in.Resource.SQS.ARN) {
		invalid(w, "Request is missing or has invalid parameters.", "name and resourceSpecification.sqs.arn")
		return
	}
	d := destination{ID: rand.Text(), Name: in.Name}
	d.Resource.SQS.ARN = in.Resource.SQS.ARN
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.destinations[client], func(known destination) bool { return known.Resource == d.Resource }) {
		writeErrors(w, http.StatusConflict, "ResourceConflict", "The destination exists.", in.Resource.SQS.ARN)
		return
	}
	s.destinations[client] = append(s.destinations[client], d)
	write(w, http.StatusOK, map[string]any{"payload": d})
}

func (s *Server) serveSubscription(w http.ResponseWriter, r *http.Request, a *account) {
	a.mu.Lock()
	defer a.mu.Unlock()
	held, known := a.subscriptions[r.PathValue("kind")]
	if !known {
		writeErrors(w, http.StatusNotFound, "NotFound", "Subscription not found.", "")
		return
	}
	write(w, http.StatusOK, map[string]any{"payload": held})
}

func (s *Server) serveSubscribe(w http.ResponseWriter, r *http.Request, a *account) {
	var in struct{ PayloadVersion, DestinationID string }
	err := json.NewDecoder(r.Body).Decode(&in)
	version, known := queueKinds(r.PathValue("kind"))
	s.mu.Lock()
	here := slices.ContainsFunc(s.destinations[a.ClientID], func(d destination) bool { return d.ID == in.DestinationID })
	s.mu.Unlock()
	if err != nil || !known || in.PayloadVersion != version || !here {
		invalid(w, "Request is missing or has invalid parameters.", "notificationType, payloadVersion or destinationId")
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if _, double := a.subscriptions[r.PathValue("kind")]; double {
		writeErrors(w, http.StatusConflict, "ResourceConflict", "A subscription of this type exists.", "")
		return
	}
	made := subscription{rand.Text(), in.DestinationID, version}
	a.subscriptions[r.PathValue("kind")] = made
	write(w, http.StatusOK, map[string]any{"payload": made})
}

func (s *Server) serveUnsubscribe(w http.ResponseWriter, r *http.Request, client string) {
	kind := r.PathValue("kind")
	for _, a := range s.accounts {
		if a.ClientID != client {
			continue
		}
		a.mu.Lock()
		held, known := a.subscriptions[kind]
		if known = known && held.ID == r.PathValue("id"); known {
			delete(a.subscriptions, kind)
		}
		a.mu.Unlock()
		if known {
			write(w, http.StatusOK, map[string]any{})
			return
		}
	}
	writeErrors(w, http.StatusNotFound, "NotFound", "Subscription not found.", "")
}

// queueFor returns the name of the queue that a seller's notifications of a type
// go to.
func (s *Server) queueFor(a *account, kind string) (queue, subscription string, ok bool) {
	a.mu.Lock()
	held, known := a.subscriptions[kind]
	a.mu.Unlock()
	if !known {
		return "", "", false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.destinations[a.ClientID] {
		if d.ID == held.Destination {
			return d.Resource.SQS.ARN[strings.LastIndexByte(d.Resource.SQS.ARN, ':')+1:], held.ID, true
		}
	}
	return "", "", false
}

// tellReports tells of settlement reports that were finished since an instant.
func (s *Server) tellReports(a *account, since, now time.Time) {
	for _, r := range a.reports(now) {
		if r.Ended.After(since) && !r.Ended.After(now) {
			s.tell(a, "REPORT_PROCESSING_FINISHED", map[string]any{"reportProcessingFinishedNotification": map[string]any{
				"sellerId": a.seller().SellerID, "accountId": "amzn1.merchant.o." + a.seller().SellerID, "reportId": r.ID, "reportType": r.Type, "processingStatus": r.Status, "reportDocumentId": r.Document}})
		}
	}
}

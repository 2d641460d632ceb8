package amazon

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// selection is what getReports was asked for; a page token carries it on.
type selection struct {
	Types        []string  `json:"types"`
	Statuses     []string  `json:"statuses"`
	Marketplaces []string  `json:"marketplaces"`
	Since        time.Time `json:"since"`
	Until        time.Time `json:"until"` // nothing newer comes in between two pages
	Size         int       `json:"size"`
	Offset       int       `json:"offset"`
}

func (q selection) takes(r report) bool {
	has := func(wanted []string, one string) bool { return len(wanted) == 0 || slices.Contains(wanted, one) }
	return has(q.Types, r.Type) && has(q.Statuses, r.Status) && !r.Created.Before(q.Since) && !r.Created.After(q.Until) &&
		(len(q.Marketplaces) == 0 || slices.ContainsFunc(r.Marketplaces, func(id string) bool { return slices.Contains(q.Marketplaces, id) }))
}

func (s *Server) serveReports(w http.ResponseWriter, r *http.Request, a *account) {
	q, wrong := s.selection(r.URL.Query())
	if wrong != "" {
		invalid(w, wrong, "")
		return
	}
	list := slices.DeleteFunc(a.reports(s.cfg.Now()), func(one report) bool { return !q.takes(one) })
	page := list[min(q.Offset, len(list)):]
	answer := map[string]any{"reports": page}
	if len(page) > q.Size {
		q.Offset += q.Size
		answer["reports"], answer["nextToken"] = page[:q.Size], s.pageToken(q)
	}
	write(w, http.StatusOK, answer)
}

// selection reads the query; wrong says what Amazon would refuse.
func (s *Server) selection(query url.Values) (q selection, wrong string) {
	now := s.cfg.Now()
	if token := query.Get("nextToken"); token != "" {
		if len(query) > 1 {
			return q, "NextToken cannot be specified with other input parameters"
		}
		return s.readPageToken(token)
	}
	q = selection{Types: values(query, "reportTypes"), Statuses: values(query, "processingStatuses"), Marketplaces: values(query, "marketplaceIds"),
		Since: now.Add(-Kept), Until: now, Size: 10}
	switch {
	case len(q.Types) == 0:
		return q, "Either reportTypes or nextToken must be specified."
	case len(q.Types) > 10 || len(q.Marketplaces) > 10:
		return q, "Too many values."
	}
	if size := query.Get("pageSize"); size != "" {
		var err error
		if q.Size, err = strconv.Atoi(size); err != nil || q.Size < 1 || q.Size > 100 {
			return q, "pageSize must be between 1 and 100."
		}
	}
	for name, at := range map[string]*time.Time{"createdSince": &q.Since, "createdUntil": &q.Until} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		given, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return q, "Invalid " + name + "."
		}
		*at = given
	}
	return q, ""
}

func values(query url.Values, name string) []string {
	text := query.Get(name)
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}

func (s *Server) pageToken(q selection) string { return s.seal(q) }

func (s *Server) readPageToken(token string) (q selection, wrong string) {
	if !s.unseal(token, &q) {
		return q, "Invalid nextToken."
	}
	return q, ""
}

// seal writes a page token, which is good for what it says and nothing else.
func (s *Server) seal(value any) string {
	raw, _ := json.Marshal(value) // plain fields always marshal
	text := base64.RawURLEncoding.EncodeToString(raw)
	return text + "." + s.sign(text)
}

func (s *Server) unseal(token string, into any) bool {
	text, signature, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && s.signed(text, signature) && json.Unmarshal(raw, into) == nil
}

func (s *Server) serveReport(w http.ResponseWriter, r *http.Request, a *account) {
	found, ok := a.find(s.cfg.Now(), func(one report) bool { return one.ID == r.PathValue("id") })
	if !ok {
		writeErrors(w, http.StatusNotFound, "NotFound", "Report "+r.PathValue("id")+" was not found.", "")
		return
	}
	write(w, http.StatusOK, found)
}

func (s *Server) serveCreateReport(w http.ResponseWriter, r *http.Request, a *account) {
	var asked struct {
		Type         string    `json:"reportType"`
		Marketplaces []string  `json:"marketplaceIds"`
		Start        time.Time `json:"dataStartTime"`
		End          time.Time `json:"dataEndTime"`
	}
	err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&asked)
	switch {
	case err != nil || asked.Type == "" || len(asked.Marketplaces) == 0 || len(asked.Marketplaces) > 25:
		invalid(w, "A report needs a type and 1 to 25 marketplaces.", "")
	case strings.HasPrefix(asked.Type, "GET_V2_SETTLEMENT_REPORT_DATA_"):
		invalid(w, "Request for report type 1118 is not allowed at this time", "")
	default:
		now := s.cfg.Now()
		if asked.Start.IsZero() {
			asked.Start = now
		}
		if asked.End.IsZero() {
			asked.End = now
		}
		wanted := report{Type: asked.Type, Start: asked.Start, End: asked.End, Created: now, Began: now, Marketplaces: asked.Marketplaces}
		write(w, http.StatusAccepted, map[string]string{"reportId": a.request(wanted, now.Add(s.cfg.Writes))})
	}
}

// Package spec checks HTTP exchanges against Amazon's own models of the
// Selling Partner API. It is support for tests, of the client as well as of a
// server that stands in for Amazon: what neither side may say, Amazon does not
// say.
//
// The models are Swagger 2.0 files; they are read from the reference folder
// next to the repository and converted to OpenAPI 3. Beyond what a model states
// the package holds both sides to what Amazon documents elsewhere: headers that
// every call must carry, a request id on every answer, and no query parameter
// and no field that the model does not know.
package spec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// ErrUnknownPath says that no loaded model has the request's path and method.
var ErrUnknownPath = errors.New("no loaded model knows this path and method")

// Spec is one or more of Amazon's models.
type Spec struct {
	routers []routers.Router
	plans   map[string]Plan
}

// Plan is an operation's default usage plan.
type Plan struct {
	Rate  float64 // requests per second
	Burst float64 // requests
}

// Load reads models by their file names, for instance
// "reports_2021-06-30.json". The test is skipped where the reference folder is
// absent; any other failure ends it.
func Load(t testing.TB, names ...string) *Spec {
	t.Helper()
	folder := folder(t)
	s := &Spec{plans: map[string]Plan{}}
	for _, name := range names {
		if err := s.add(filepath.Join(folder, name)); err != nil {
			t.Fatalf("model %s: %v", name, err)
		}
	}
	return s
}

// Plan returns the default rate and burst that the model states for an
// operation.
func (s *Spec) Plan(operation string) (Plan, bool) {
	p, ok := s.plans[operation]
	return p, ok
}

// ValidateRequest reports how r differs from what the models and Amazon's
// transport ask for; the body stays readable. ErrUnknownPath when no model has
// the path.
func (s *Spec) ValidateRequest(r *http.Request) error {
	in, err := s.input(r)
	if err != nil {
		return err
	}
	known := in.Route.Operation.Parameters
	for name := range r.URL.Query() {
		if known.GetByInAndName(openapi3.ParameterInQuery, name) == nil {
			return fmt.Errorf("%s: the model has no query parameter %q", in.Route.Operation.OperationID, name)
		}
	}
	if err := transport(r); err != nil {
		return fmt.Errorf("%s: %w", in.Route.Operation.OperationID, err)
	}
	if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
		return fmt.Errorf("%s: %w", in.Route.Operation.OperationID, err)
	}
	return nil
}

// ValidateResponse reports how an answer to r differs from the model.
func (s *Spec) ValidateResponse(r *http.Request, status int, header http.Header, body []byte) error {
	in, err := s.input(r)
	if err != nil {
		return err
	}
	operation := in.Route.Operation.OperationID
	if header.Get("x-amzn-RequestId") == "" {
		return fmt.Errorf("%s: answer %d has no x-amzn-RequestId", operation, status)
	}
	answer := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: in, Status: status, Header: header,
		Body:    io.NopCloser(bytes.NewReader(body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	if err := openapi3filter.ValidateResponse(r.Context(), answer); err != nil {
		return fmt.Errorf("%s: answer %d: %w", operation, status, err)
	}
	return nil
}

func (s *Spec) input(r *http.Request) (*openapi3filter.RequestValidationInput, error) {
	for _, router := range s.routers {
		route, params, err := router.FindRoute(r)
		if err != nil {
			continue
		}
		return &openapi3filter.RequestValidationInput{
			Request: r, PathParams: params, Route: route,
			Options: &openapi3filter.Options{
				MultiError: true, SkipSettingDefaults: true, RejectWhenRequestBodyNotSpecified: true,
				AuthenticationFunc: openapi3filter.NoopAuthenticationFunc,
			},
		}, nil
	}
	return nil, fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, ErrUnknownPath)
}

var (
	amzDate  = regexp.MustCompile(`^\d{8}T\d{6}Z$`)
	language = regexp.MustCompile(`\([^)]*\bLanguage=[^;)]+`)
)

// maxUserAgent is the length in characters beyond which Amazon refuses a call.
const maxUserAgent = 500

// transport checks the headers that Amazon asks of every call and that the
// models do not state.
func transport(r *http.Request) error {
	agent := r.Header.Get("User-Agent")
	switch {
	case r.Header.Get("x-amz-access-token") == "":
		return errors.New("no x-amz-access-token")
	case !amzDate.MatchString(r.Header.Get("x-amz-date")):
		return fmt.Errorf("x-amz-date %q is not like 20190430T123600Z", r.Header.Get("x-amz-date"))
	case !language.MatchString(agent):
		return fmt.Errorf("user agent %q has no Language attribute", agent)
	case len([]rune(agent)) > maxUserAgent:
		return fmt.Errorf("user agent has more than %d characters", maxUserAgent)
	}
	return nil
}

// read are the models that this process has read, by path: reading one takes
// longer than most tests that need it.
var read sync.Map

func (s *Spec) add(path string) error {
	once, _ := read.LoadOrStore(path, sync.OnceValues(func() (*model, error) { return readModel(path) }))
	m, err := once.(func() (*model, error))()
	if err != nil {
		return err
	}
	s.routers = append(s.routers, m.router)
	maps.Copy(s.plans, m.plans)
	return nil
}

// model is one file.
type model struct {
	router routers.Router
	plans  map[string]Plan
}

func readModel(path string) (*model, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var v2 openapi2.T
	if err := json.Unmarshal(raw, &v2); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	doc, err := openapi2conv.ToV3(&v2)
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	doc.Servers = nil // any host: tests serve from loopback
	closeSchemas(doc)
	m := &model{plans: map[string]Plan{}}
	if m.router, err = legacy.NewRouter(doc, openapi3.DisableExamplesValidation()); err != nil { // validates it too
		return nil, fmt.Errorf("route: %w", err)
	}
	for _, item := range doc.Paths.Map() {
		for _, operation := range item.Operations() {
			joinArrays(operation)
			if p, ok := usagePlan(operation.Description); ok {
				m.plans[operation.OperationID] = p
			}
		}
	}
	return m, nil
}

// joinArrays gives array parameters Swagger 2.0's default form, values joined by
// commas, which the conversion leaves at OpenAPI 3's default, repeated names.
func joinArrays(operation *openapi3.Operation) {
	no := false
	for _, p := range operation.Parameters {
		if p.Value.Explode == nil && p.Value.Schema.Value.Type.Is("array") {
			p.Value.Explode = &no
		}
	}
}

// closeSchemas lets no object have a field that its model does not name, so
// that a misspelt field is found; objects that are parts of an allOf stay open,
// because each part must accept the fields of the others.
func closeSchemas(doc *openapi3.T) {
	parts := map[*openapi3.Schema]bool{}
	for _, ref := range doc.Components.Schemas {
		for _, part := range ref.Value.AllOf {
			parts[part.Value] = true
		}
	}
	no := false
	for _, ref := range doc.Components.Schemas {
		schema := ref.Value
		open := schema.AdditionalProperties.Has != nil || schema.AdditionalProperties.Schema != nil
		if len(schema.Properties) > 0 && len(schema.AllOf) == 0 && !open && !parts[schema] {
			schema.AdditionalProperties.Has = &no
		}
	}
}

var planRow = regexp.MustCompile(`\|\s*(?:Default\s*\|\s*)?(\d+(?:\.\d+)?)\s*\|\s*(\d+)\s*\|`)

// usagePlan reads the table that the models keep in the operation's
// description.
func usagePlan(description string) (Plan, bool) {
	row := planRow.FindStringSubmatch(description)
	if row == nil {
		return Plan{}, false
	}
	rate, err := strconv.ParseFloat(row[1], 64)
	if err != nil {
		return Plan{}, false
	}
	burst, err := strconv.ParseFloat(row[2], 64)
	if err != nil {
		return Plan{}, false
	}
	return Plan{rate, burst}, true
}

// folder finds the models beside the repository's root.
func folder(t testing.TB) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatalf("working directory: %v", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(at)
		if up == at {
			t.Fatal("no go.mod above the working directory")
		}
		at = up
	}
	models := filepath.Join(at, "..", "shared", "reference", "sp-api", "models")
	if _, err := os.Stat(models); errors.Is(err, os.ErrNotExist) {
		t.Skip("Amazon's models are not beside the repository: " + strings.TrimPrefix(models, at))
	}
	return models
}

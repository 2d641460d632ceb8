package tieout_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// floors says on which floor a package stands; it imports only from floors
// below its own. Packages below a listed one belong to it.
var floors = map[string]int{
	"app/money": 1, "app/period": 1, "app/fault": 1, "app/clock": 1, "app/expression": 1, "app/legible": 1, "app/markup": 1,
	"app/database": 2, "app/document": 2, "app/audit": 2, "app/vault": 2,
	"app/personal": 3, "app/task": 3,
	"app/amazon": 3, "app/p21": 3, "app/bank": 3, "app/rates": 3, "app/notify": 3, "app/outbound": 3, "app/exception": 3, "app/queue": 3,
	"app/settlement": 4, "app/mapping": 4, "app/connection": 4, "app/catalog": 4, "app/identity": 4, "app/session": 4,
	"app/journal": 5, "app/reconcile": 5, "app/flow": 5, "app/invariant": 5, "app/insight": 5, "app/alert": 5, "app/tracking": 5,
	"app/finances": 6, "app/orders": 6, "app/closing": 6, "app/shipments": 6, "app/inventory": 6, "app/fbastock": 6, "app/receivable": 6, "app/reference": 6, "app/refund": 6, "app/deposit": 6, "app/revaluation": 6, "app/fee": 6, "app/cost": 6, "app/reimbursement": 6, "app/proceeds": 6, "app/ledger": 6, "app/fbashipments": 6, "app/fbaledger": 6, "app/inbound": 6, "app/returns": 6, "app/fulfilment": 6, "app/listings": 6, "app/notice": 6, "views": 6,
	"app/web": 7, "app/sheet": 7, "jobs": 7,
	"cmd": 8, "scripts": 8,
	// Outside the floors: generated, or without knowledge of the rest.
	"sqlc": 0, "migrations": 0, "static": 0,
}

// withoutSQL may not know how things are stored.
var withoutSQL = []string{"app/money", "app/period", "app/fault", "app/clock", "app/expression", "app/p21", "app/bank", "app/notify", "app/settlement/report",
	"app/web", "views", "cmd/sandbox"}

// exact are the packages that calculate with money.
var exact = []string{"app/money", "app/settlement", "app/mapping", "app/journal", "app/invariant", "app/receivable", "app/rates", "app/reconcile", "app/bank", "app/deposit", "app/proceeds", "app/ledger", "app/revaluation", "app/finances", "app/cost"}

// support are packages for tests.
var support = []string{"app/database/dbtest", "app/flow/flowtest", "cmd/sandbox/bothsides", "app/amazon/spec", "app/sheet/sheettest", "app/web/webtest"}

// source is one file of the tree.
type source struct {
	path, pkg string // file and package folder
	file      *ast.File
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) in(list []string) bool { return within(s.pkg, list) }

// within reports whether pkg is one of list or below it.
func within(pkg string, list []string) bool {
	return slices.ContainsFunc(list, func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") })
}

func (s source) imports() []string {
	var paths []string
	for _, i := range s.file.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}

func parse(path string, text any) (source, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.ParseComments)
	return source{path, filepath.Dir(path), file}, err
}

// sources reads the tree; the files at its root hold these rules and no others.
func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bin"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go") || filepath.Dir(path) == ".":
			return nil
		}
		s, err := parse(path, nil)
		list = append(list, s)
		return err
	})
	require.NoError(t, err)
	require.Greater(t, len(list), 50, "the tree is there")
	return list
}

// rule returns what is wrong with a file.
type rule func(source) []string

func TestArchitecture(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		for _, r := range []rule{stands, importsDown, borders, moneyIsExact} {
			for _, wrong := range r(s) {
				t.Errorf("%s: %s", s.path, wrong)
			}
		}
	}
}

func TestArchitectureEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test() && s.pkg != "sqlc" {
			documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no doc comment", pkg)
		}
	}
}

// floor returns the floor of a package and the listed package it belongs to.
func floor(path string) (owner string, n int, ok bool) {
	for owner = path; owner != "."; owner = filepath.Dir(owner) {
		if n, ok = floors[owner]; ok {
			return owner, n, true
		}
	}
	return "", 0, false
}

func stands(s source) []string {
	if _, _, ok := floor(s.pkg); !ok {
		return []string{fmt.Sprintf("package %s stands on no floor; add it to the list", s.pkg)}
	}
	return nil
}

func importsDown(s source) (wrong []string) {
	owner, own, ok := floor(s.pkg)
	if s.test() || !ok || own == 0 {
		return nil
	}
	for _, path := range s.imports() {
		inner, ours := strings.CutPrefix(path, "tieout/")
		other, n, known := floor(inner)
		if ours && known && other != owner && n >= own {
			wrong = append(wrong, fmt.Sprintf("imports %s of floor %d, which is not below its own floor %d", path, n, own))
		}
	}
	return wrong
}

// borders keeps libraries and test support where they belong.
func borders(s source) (wrong []string) {
	if s.test() {
		return nil
	}
	refuse := func(path, why string) { wrong = append(wrong, "imports "+path+": "+why) }
	for _, path := range s.imports() {
		inner := strings.TrimPrefix(path, "tieout/")
		switch {
		case strings.HasPrefix(path, "github.com/labstack/echo") && s.pkg != "app/web":
			refuse(path, "only app/web knows echo")
		case inner == "views" && s.pkg != "app/web":
			refuse(path, "only app/web knows views")
		case (inner == "sqlc" || strings.HasPrefix(path, "github.com/jackc/pgx")) && s.in(withoutSQL) && !s.in(support):
			refuse(path, "this package knows no SQL")
		case within(inner, support) && !s.in(support):
			refuse(path, "test support stays in tests")
		case (path == "testing" || strings.HasPrefix(path, "github.com/stretchr/testify")) && !s.in(support):
			refuse(path, "test libraries stay in tests")
		}
	}
	return wrong
}

func moneyIsExact(s source) (wrong []string) {
	if s.test() || !s.in(exact) || strings.HasSuffix(s.path, "suggest.go") {
		return nil // suggest.go scores likeness, not money
	}
	floating := []string{"float64", "float32", "InexactFloat64", "Float64", "NewFromFloat", "NewFromFloat32", "ParseFloat"}
	ast.Inspect(s.file, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && slices.Contains(floating, id.Name) {
			wrong = append(wrong, fmt.Sprintf("uses %s: money is exact", id.Name))
		}
		return true
	})
	return wrong
}

// A rule that finds nothing in a tree that keeps it must be shown to find it
// in one that does not.
func TestArchitectureRulesFindWhatTheyForbid(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, path, text string
		rule             rule
		wrong            int
	}{
		{"a package nobody placed", "app/util/util.go", `package util`, stands, 1},
		{"a placed package", "app/p21/native/native.go", `package native`, stands, 0},
		{"down", "app/journal/a.go", `package journal; import _ "tieout/app/money"`, importsDown, 0},
		{"own package below", "app/settlement/a.go", `package settlement; import _ "tieout/app/settlement/report"`, importsDown, 0},
		{"up", "app/money/a.go", `package money; import _ "tieout/app/journal"`, importsDown, 1},
		{"sideways", "app/amazon/a.go", `package amazon; import _ "tieout/app/p21"`, importsDown, 1},
		{"up in a test", "app/money/a_test.go", `package money; import _ "tieout/app/journal"`, importsDown, 0},
		{"echo", "app/journal/a.go", `package journal; import _ "github.com/labstack/echo/v4"`, borders, 1},
		{"echo in web", "app/web/a.go", `package web; import _ "github.com/labstack/echo/v4"`, borders, 0},
		{"views", "jobs/a.go", `package jobs; import _ "tieout/views"`, borders, 1},
		{"SQL in a screen", "app/web/a.go", `package web; import _ "github.com/jackc/pgx/v5"`, borders, 1},
		{"generated SQL in the parser", "app/settlement/report/a.go", `package report; import _ "tieout/sqlc"`, borders, 1},
		{"SQL in a store", "app/settlement/store.go", `package settlement; import _ "tieout/sqlc"`, borders, 0},
		{"test support", "cmd/tieout/a.go", `package main; import _ "tieout/app/database/dbtest"`, borders, 1},
		{"test library", "app/money/a.go", `package money; import _ "testing"`, borders, 1},
		{"floating point", "app/money/a.go", `package money; var _ float64`, moneyIsExact, 1},
		{"conversion", "app/journal/a.go", `package journal; var _ = d.InexactFloat64()`, moneyIsExact, 1},
		{"floating point elsewhere", "app/insight/a.go", `package insight; var _ float64`, moneyIsExact, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, err := parse(c.path, c.text)
			require.NoError(t, err)
			require.Len(t, c.rule(s), c.wrong)
		})
	}
}

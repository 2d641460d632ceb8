package tieout_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// floors says on which floor a package of app stands; it imports only from
// floors below its own. Packages below a listed one stand on its floor.
var floors = map[string]int{
	"app/money": 1, "app/period": 1, "app/fault": 1, "app/clock": 1,
	"app/database": 2, "app/document": 2, "app/audit": 2, "app/vault": 2, "app/task": 2,
	"app/amazon": 3, "app/p21": 3, "app/outbound": 3, "app/exception": 3,
	"app/settlement": 4, "app/mapping": 4, "app/connection": 4, "app/identity": 4, "app/session": 4,
	"app/journal": 5, "app/invariant": 5, "app/insight": 5,
	"app/web": 7, "app/sheet": 7, "jobs": 7,
	"cmd": 9,
	// Outside the floors: generated or without knowledge of the rest.
	"sqlc": 0, "migrations": 0, "static": 0, "views": 6,
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

type source struct {
	path, pkg string // file and package folder
	file      *ast.File
}

func sources(t *testing.T) []source {
	t.Helper()
	var list []source
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && path != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "bin"):
			return filepath.SkipDir
		case !strings.HasSuffix(path, ".go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		list = append(list, source{path, filepath.Dir(path), file})
		return err
	})
	require.NoError(t, err)
	return list
}

func (s source) test() bool { return strings.HasSuffix(s.path, "_test.go") }

func (s source) imports() []string {
	var paths []string
	for _, i := range s.file.Imports {
		paths = append(paths, strings.Trim(i.Path.Value, `"`))
	}
	return paths
}

func TestArchitectureImportsGoDownTheFloors(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test() || s.pkg == "." {
			continue
		}
		owner, own, ok := floor(s.pkg)
		if !ok {
			t.Errorf("%s: package %s stands on no floor; add it to the list", s.path, s.pkg)
			continue
		}
		for _, path := range s.imports() {
			inner, ours := strings.CutPrefix(path, "tieout/")
			if !ours {
				continue
			}
			other, n, ok := floor(inner)
			if ok && other != owner && n >= own && own != 0 {
				t.Errorf("%s imports %s, which stands on floor %d, not below %d", s.path, path, n, own)
			}
		}
	}
}

func TestArchitectureBorders(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		if s.test() {
			continue
		}
		for _, path := range s.imports() {
			switch {
			case strings.HasPrefix(path, "github.com/labstack/echo"):
				require.Equal(t, "app/web", s.pkg, "%s: only app/web imports echo", s.path)
			case path == "tieout/views":
				require.Equal(t, "app/web", s.pkg, "%s: only app/web imports views", s.path)
			case strings.HasSuffix(path, "/dbtest") || path == "tieout/app/amazon/spec" || strings.HasSuffix(path, "/reporttest"):
				require.Equal(t, "app/database/dbtest/server", s.pkg, "%s: test support stays in tests", s.path)
			case path == "tieout/sqlc" || strings.HasPrefix(path, "github.com/jackc/pgx"):
				require.False(t, strings.HasPrefix(s.pkg, "app/web") || strings.HasPrefix(s.pkg, "views"), "%s: screens know no SQL", s.path)
			}
		}
	}
}

func TestArchitectureEveryPackageSaysWhatItIs(t *testing.T) {
	t.Parallel()
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test() || s.pkg == "sqlc" || s.pkg == "." {
			continue
		}
		documented[s.pkg] = documented[s.pkg] || s.file.Doc != nil
	}
	for pkg, ok := range documented {
		require.True(t, ok, "package %s has no doc comment", pkg)
	}
}

func TestArchitectureMoneyIsNeverFloatingPoint(t *testing.T) {
	t.Parallel()
	for _, s := range sources(t) {
		money := false
		for _, pkg := range []string{"app/money", "app/settlement", "app/mapping", "app/journal", "app/invariant"} {
			money = money || s.pkg == pkg || strings.HasPrefix(s.pkg, pkg+"/")
		}
		if !money || s.test() || strings.HasSuffix(s.path, "suggest.go") {
			continue // suggest.go scores likeness, no money
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				require.NotContains(t, []string{"float64", "float32", "InexactFloat64", "NewFromFloat"}, id.Name, "%s: money is exact", s.path)
			}
			return true
		})
	}
}

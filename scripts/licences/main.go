// Command licences writes what the programs are made of: a list with versions and
// licences for people (docs/dependencies.md), and the licences' texts, which go
// wherever the program goes (cmd/tieout/licences.txt). It reads the modules that
// a build needs anyway, and no network. With -check it only says what is not
// current; with -bill it completes a bill of materials.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/licensecheck"
)

// Where the result is.
const (
	listFile  = "docs/dependencies.md"
	textsFile = "cmd/tieout/licences.txt"
)

// accepted are the licences under which others' work may be part of the program.
// Another one is for a person to look at before it is added here.
var accepted = []string{"0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT", "MPL-2.0", "OFL-1.1", "PostgreSQL", "Unlicense"}

// work is something that others made and that the program holds.
type work struct {
	name, version string
	licences      []string // SPDX
	texts         []string
}

func main() {
	check := flag.Bool("check", false, "only say whether what is there is current")
	bill := flag.String("bill", "", "instead of that, add what is no module to this bill of materials")
	flag.Parse()
	work := func() error { return run(*check) }
	if *bill != "" {
		work = func() error { return complete(*bill) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(check bool) error {
	works, err := modules()
	if err != nil {
		return err
	}
	files, err := staticFiles()
	if err != nil {
		return err
	}
	list, err := writeList(works, files)
	if err != nil {
		return err
	}
	made := map[string][]byte{listFile: list, textsFile: writeTexts(slices.Concat(works, files))}
	for _, name := range slices.Sorted(maps.Keys(made)) {
		if err := keep(name, made[name], check); err != nil {
			return err
		}
	}
	return nil
}

func keep(name string, content []byte, check bool) error {
	if !check {
		return os.WriteFile(name, content, 0o644)
	}
	there, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if !bytes.Equal(there, content) {
		return fmt.Errorf("%s is not current: run make licences and commit", name)
	}
	return nil
}

// listed is a package as `go list` tells it.
type listed struct {
	Dir      string
	Standard bool
	Module   *struct {
		Path, Version, Dir string
		Main               bool
		Replace            *struct{ Path, Version, Dir string }
	}
}

// modules are the modules of which packages are in the programs, and Go itself.
func modules() ([]work, error) {
	packages, err := packages()
	if err != nil {
		return nil, err
	}
	files := map[string]map[string]bool{} // of licences, by module and version
	for _, p := range packages {
		if p.Standard || p.Module.Main {
			continue
		}
		if p.Module.Replace != nil {
			return nil, fmt.Errorf("%s is replaced, and nobody said by whose work", p.Module.Path)
		}
		name := p.Module.Path + " " + p.Module.Version
		if files[name] == nil {
			files[name] = map[string]bool{}
		}
		if err := licencesAbove(p.Dir, p.Module.Dir, files[name]); err != nil {
			return nil, err
		}
	}
	golang, err := standard()
	if err != nil {
		return nil, err
	}
	works := []work{golang}
	for _, key := range slices.Sorted(maps.Keys(files)) {
		name, version, _ := strings.Cut(key, " ")
		w, err := read(name, version, slices.Sorted(maps.Keys(files[key])))
		if err != nil {
			return nil, err
		}
		works = append(works, w)
	}
	return works, nil
}

// packages are those that the programs are built of, on the system that they are
// made for.
func packages() ([]listed, error) {
	var problem bytes.Buffer
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Standard,Module", "./cmd/tieout", "./cmd/sandbox")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("list packages: %w: %s", err, problem.String())
	}
	var list []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			return nil, fmt.Errorf("read packages: %w", err)
		}
		list = append(list, p)
	}
	return list, nil
}

// standard is Go's own library, of the version that go.mod asks for.
func standard() (work, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return work{}, fmt.Errorf("find Go: %w", err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		return work{}, err
	}
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(mod)
	if version == nil {
		return work{}, errors.New("go.mod names no version of Go")
	}
	return read("Go standard library", string(version[1])+" or newer", []string{filepath.Join(strings.TrimSpace(string(root)), "LICENSE")})
}

var licenceName = regexp.MustCompile(`(?i)^(un)?(licen[cs]es?|copying|notice|copyright)([.-].*)?$`)

// licencesAbove adds the licences in a folder and those above it, up to a root:
// a package may hold work that another licence is for.
func licencesAbove(folder, root string, files map[string]bool) error {
	for {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return fmt.Errorf("look for licences: %w", err)
		}
		for _, e := range entries {
			if !e.IsDir() && licenceName.MatchString(e.Name()) && !strings.HasSuffix(e.Name(), ".go") {
				files[filepath.Join(folder, e.Name())] = true
			}
		}
		if folder == root || len(folder) <= len(root) {
			return nil
		}
		folder = filepath.Dir(folder)
	}
}

// read makes a work of its licences' files.
func read(name, version string, files []string) (work, error) {
	w := work{name: name, version: version}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return w, fmt.Errorf("read licence of %s: %w", name, err)
		}
		for _, match := range licensecheck.Scan(text).Match {
			if !match.IsURL && !slices.Contains(w.licences, match.ID) {
				w.licences = append(w.licences, match.ID)
			}
		}
		w.texts = append(w.texts, strings.TrimSpace(strings.ReplaceAll(string(text), "\r\n", "\n")))
	}
	slices.Sort(w.licences)
	if len(w.licences) == 0 {
		return w, fmt.Errorf("%s %s: no licence is known in %s", name, version, strings.Join(files, ", "))
	}
	for _, l := range w.licences {
		if !slices.Contains(accepted, l) {
			return w, fmt.Errorf("%s %s is under %s, which nobody accepted (scripts/licences)", name, version, l)
		}
	}
	return w, nil
}

// staticFiles are the files of others that are served as they are.
func staticFiles() ([]work, error) {
	const folder = "static/third_party"
	readme, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		return nil, err
	}
	folders, err := filepath.Glob(folder + "/*/LICENSE")
	if err != nil {
		return nil, err
	}
	var works []work
	for _, file := range folders {
		name := filepath.Base(filepath.Dir(file))
		from := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(name) + ` \| npm (\S+) ([0-9.]+):`).FindSubmatch(readme)
		if from == nil {
			return nil, fmt.Errorf("%s/README.md does not say where %s is from", folder, name)
		}
		w, err := read(string(from[1]), string(from[2]), []string{file})
		if err != nil {
			return nil, err
		}
		works = append(works, w)
	}
	return works, nil
}

// writeTexts writes each licence's text once, below the works that it is for.
func writeTexts(works []work) []byte {
	of := map[string][]string{} // works by text
	var order []string
	for _, w := range works {
		for _, text := range w.texts {
			if of[text] == nil {
				order = append(order, text)
			}
			if name := w.name + " " + w.version; !slices.Contains(of[text], name) {
				of[text] = append(of[text], name)
			}
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "Tieout holds work of others, under these licences.\n")
	for _, text := range order {
		fmt.Fprintf(&out, "\n%s\n%s\n\n%s\n", strings.Repeat("=", 80), strings.Join(of[text], "\n"), text)
	}
	return out.Bytes()
}

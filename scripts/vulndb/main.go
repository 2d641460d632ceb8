// Command vulndb lays Go's database of vulnerabilities out in a folder, as
// govulncheck reads one, from the module golang.org/x/vulndb of a version: where
// the database itself cannot be reached, Go's module proxy often can.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: vulndb VERSION FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(version, folder string) error {
	dir, err := download("golang.org/x/vulndb@" + version)
	if err != nil {
		return err
	}
	entries, err := filepath.Glob(filepath.Join(dir, "data", "osv", "*.json"))
	if err != nil || len(entries) == 0 {
		return errors.Join(err, fmt.Errorf("%s has no entries", dir))
	}
	index := index{at: made(version), modules: map[string][]entry{}}
	for _, path := range entries {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := index.add(text); err != nil {
			return fmt.Errorf("read %s: %w", path, err)
		}
		if err := write(filepath.Join(folder, "ID", filepath.Base(path)), json.RawMessage(text)); err != nil {
			return err
		}
	}
	return index.write(folder)
}

// download fetches a module through the module proxy.
func download(module string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // it is no part of this module
	out, err := cmd.Output()
	var got struct{ Dir, Error string }
	if json.Unmarshal(bytes.TrimSpace(out), &got) == nil && got.Error != "" {
		return "", fmt.Errorf("download %s: %s", module, got.Error)
	}
	if err != nil {
		return "", fmt.Errorf("download %s: %w", module, err)
	}
	return got.Dir, nil
}

// made is the moment in a pseudo-version: v0.0.0-20261105234957-e22db6528018.
func made(version string) time.Time {
	const prefix, stamp = "v0.0.0-", "20060102150405"
	if len(version) < len(prefix+stamp) {
		return time.Time{}
	}
	at, err := time.Parse(stamp, version[len(prefix):len(prefix+stamp)])
	if err != nil {
		return time.Time{}
	}
	return at
}

// index is what govulncheck looks modules up in.
type index struct {
	at      time.Time
	modules map[string][]entry
	all     []entry
}

type entry struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Fixed    string    `json:"fixed,omitempty"`
	Aliases  []string  `json:"aliases,omitempty"`
}

func (x *index) add(text []byte) error {
	var v struct {
		ID       string
		Aliases  []string
		Affected []struct {
			Package struct{ Name string }
			Ranges  []struct{ Events []struct{ Fixed string } }
		}
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	x.all = append(x.all, entry{ID: v.ID, Modified: x.at, Aliases: v.Aliases})
	for _, a := range v.Affected {
		e := entry{ID: v.ID, Modified: x.at}
		for _, r := range a.Ranges {
			for _, event := range r.Events {
				if event.Fixed != "" {
					e.Fixed = event.Fixed
				}
			}
		}
		x.modules[a.Package.Name] = append(x.modules[a.Package.Name], e)
	}
	return nil
}

func (x *index) write(folder string) error {
	type module struct {
		Path  string  `json:"path"`
		Vulns []entry `json:"vulns"`
	}
	var modules []module
	for _, path := range slices.Sorted(maps.Keys(x.modules)) {
		modules = append(modules, module{path, x.modules[path]})
	}
	for name, content := range map[string]any{"db": map[string]time.Time{"modified": x.at}, "modules": modules, "vulns": x.all} {
		if err := write(filepath.Join(folder, "index", name+".json"), content); err != nil {
			return err
		}
	}
	return nil
}

func write(path string, content any) error {
	text, err := json.Marshal(content)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o644)
}

package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
)

// writeList writes everything that the program, its build and its machine are
// made of.
func writeList(works, files []work) ([]byte, error) {
	var out bytes.Buffer
	fmt.Fprintln(&out, "# Dependencies")
	fmt.Fprintln(&out, "\nWritten by `make licences`; `make verify` holds it against what is built. `tieout licences` prints the licences' texts, which are in")
	fmt.Fprintln(&out, "the program. Every version is pinned, in `go.mod` and `go.sum`; `make sbom` writes them as a CycloneDX bill of materials, and")
	fmt.Fprintln(&out, "`make vulnerabilities` asks Go's database about them, or the copy of it that Go's module proxy has where that alone is reachable.")
	fmt.Fprintln(&out, "Go itself comes from whoever builds: take the newest release of the version below.")
	fmt.Fprintln(&out, "\n## In the program")
	table(&out, works)
	fmt.Fprintln(&out, "\n## Served as files")
	table(&out, files)
	tools, err := tools()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(&out, "\n## Tools of the build, not in the program")
	fmt.Fprintln(&out, "\n| tool | version |\n|---|---|")
	for _, t := range tools {
		fmt.Fprintf(&out, "| %s | %s |\n", t[0], t[1])
	}
	packages, err := systemPackages()
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(&out, "\n## Of the distribution")
	fmt.Fprintln(&out, "\nTaken from the distribution (Debian 12), in whatever version its security updates have; nothing of them is copied into the program.")
	fmt.Fprintln(&out, "PostgreSQL 15 or newer is all that running it needs. The rest is for building and tests.")
	fmt.Fprintln(&out, "\n| for | packages |\n|---|---|")
	for _, p := range packages {
		fmt.Fprintf(&out, "| %s | `%s` |\n", p[0], p[1])
	}
	return out.Bytes(), nil
}

func table(out *bytes.Buffer, works []work) {
	fmt.Fprintln(out, "\n| work | version | licence |\n|---|---|---|")
	for _, w := range works {
		fmt.Fprintf(out, "| %s | %s | %s |\n", w.name, w.version, strings.Join(w.licences, ", "))
	}
}

// toolFiles are the module files that pin tools.
func toolFiles() []string { return []string{"go.mod", "scripts/tools.mod"} }

// tools are the commands that module files name, with the version of the module
// that each is in.
func tools() ([][2]string, error) {
	var list [][2]string
	for _, file := range toolFiles() {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		block := regexp.MustCompile(`(?s)\ntool \((.*?)\n\)`).FindString(string(text))
		for _, path := range regexp.MustCompile(`[\w.-]+/[\w./-]+`).FindAllString(block, -1) {
			version, err := exec.Command("go", "list", "-modfile="+file, "-f", "{{.Module.Path}} {{.Module.Version}}", path).Output()
			if err != nil {
				return nil, fmt.Errorf("find version of %s: %w", path, err)
			}
			_, number, _ := strings.Cut(strings.TrimSpace(string(version)), " ")
			list = append(list, [2]string{path, number})
		}
	}
	slices.SortFunc(list, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return list, nil
}

// systemPackages are what scripts/need installs.
func systemPackages() ([][2]string, error) {
	text, err := os.ReadFile("scripts/need")
	if err != nil {
		return nil, err
	}
	var list [][2]string
	for _, m := range regexp.MustCompile(`(?m)^packages_(\w+)="([^"]+)"`).FindAllStringSubmatch(string(text), -1) {
		list = append(list, [2]string{m[1], m[2]})
	}
	return list, nil
}

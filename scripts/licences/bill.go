package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
)

// complete adds what the program holds besides Go modules to a CycloneDX bill of
// materials, which was read off the built program and knows modules only.
func complete(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var bill map[string]any
	numbers := json.NewDecoder(bytes.NewReader(text))
	numbers.UseNumber()
	if err := numbers.Decode(&bill); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	components, ok := bill["components"].([]any)
	dependencies, also := bill["dependencies"].([]any)
	if !ok || !also || len(dependencies) == 0 {
		return fmt.Errorf("%s lists no components and what they depend on", name)
	}
	program, ok := dependencies[0].(map[string]any) // the program itself stands first
	if !ok {
		return fmt.Errorf("%s does not say what the program depends on", name)
	}
	files, err := staticFiles()
	if err != nil {
		return err
	}
	needs, _ := program["dependsOn"].([]any)
	for _, f := range files {
		component := f.component()
		components, needs = append(components, component), append(needs, component["bom-ref"])
	}
	bill["components"], program["dependsOn"] = components, needs
	made, err := json.MarshalIndent(bill, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(made, '\n'), 0o644)
}

// component is a work as CycloneDX writes it.
func (w work) component() map[string]any {
	address := "pkg:npm/" + strings.Replace(w.name, "@", "%40", 1) + "@" + w.version
	var licences []any
	for _, id := range w.licences {
		licences = append(licences, map[string]any{"license": map[string]any{"id": id}})
	}
	return map[string]any{"bom-ref": address, "type": "library", "name": w.name, "version": w.version, "scope": "required", "purl": address, "licenses": licences}
}

package mapping

import (
	"bytes"
	"embed"
	"encoding/csv"
	"fmt"
	"slices"
)

//go:embed templates/*.csv
var templateFiles embed.FS

// Template is a shipped list of rules that a connection begins with.
type Template struct {
	Name  string
	Title string
	Rules []Rule
}

// Templates returns the shipped templates: one per region and revenue mode.
func Templates() ([]Template, error) {
	template, err := readTemplate("amazon-summary", "Amazon settlements, revenue from the settlement")
	if err != nil {
		return nil, err
	}
	var templates []Template
	for _, region := range Regions() {
		for _, base := range []Template{template, invoiced(template)} {
			templates = append(templates, region.speak(base))
		}
	}
	return templates, nil
}

// FindTemplate returns the shipped template called name.
func FindTemplate(name string) (Template, bool, error) {
	templates, err := Templates()
	if err != nil {
		return Template{}, false, err
	}
	i := slices.IndexFunc(templates, func(t Template) bool { return t.Name == name })
	if i < 0 {
		return Template{}, false, nil
	}
	return templates[i], true, nil
}

func readTemplate(name, title string) (Template, error) {
	content, err := templateFiles.ReadFile("templates/" + name + ".csv")
	if err != nil {
		return Template{}, fmt.Errorf("read template %s: %w", name, err)
	}
	reader := csv.NewReader(bytes.NewReader(content))
	reader.Comment = '#'
	rows, err := reader.ReadAll()
	if err != nil {
		return Template{}, fmt.Errorf("read template %s: %w", name, err)
	}
	template := Template{Name: name, Title: title}
	for i, row := range rows[1:] {
		rule, err := templateRule(row)
		if err != nil {
			return Template{}, fmt.Errorf("read template %s: rule %d: %w", name, i+1, err)
		}
		rule.Position = i + 1
		template.Rules = append(template.Rules, rule)
	}
	return template, nil
}

// templateRule reads one row: three conditions, sign, category, slot, note.
func templateRule(row []string) (Rule, error) {
	rule := Rule{
		Marketplace:       Anything,
		TransactionType:   ParseCondition(row[0]),
		AmountType:        ParseCondition(row[1]),
		AmountDescription: ParseCondition(row[2]),
		Category:          Category(row[4]),
		Slot:              row[5],
		Note:              row[6],
	}
	switch row[3] {
	case "+":
		rule.Sign = 1
	case "-":
		rule.Sign = -1
	}
	info, ok := rule.Category.Info()
	if !ok {
		return Rule{}, fmt.Errorf("category %q does not exist", rule.Category)
	}
	if rule.Slot == "" {
		rule.Slot = info.Slot
	}
	return rule, nil
}

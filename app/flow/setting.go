package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tieout/app/audit"
	"tieout/app/fault"
	"tieout/sqlc"
)

// Setting returns what was chosen for a setting of a flow, or its default.
func (s *Service) Setting(ctx context.Context, connectionID int64, name, setting string) (string, error) {
	d, err := s.Definition(name)
	if err != nil {
		return "", err
	}
	state, err := s.Get(ctx, connectionID, name)
	if err != nil {
		return "", err
	}
	chosen, err := Chosen(d, state)
	return chosen[setting], err
}

// Chosen returns every setting of a flow with what was chosen, or its default.
func Chosen(d Definition, state State) (map[string]string, error) {
	stored := map[string]string{}
	if err := json.Unmarshal(state.Settings, &stored); err != nil {
		return nil, fmt.Errorf("read settings of %s: %w", d.Name, err)
	}
	chosen := map[string]string{}
	for _, setting := range d.Settings {
		chosen[setting.Name] = stored[setting.Name]
		if !setting.offers(stored[setting.Name]) {
			chosen[setting.Name] = setting.Choices[0].Value
		}
	}
	return chosen, nil
}

func (s Setting) offers(value string) bool {
	return slices.ContainsFunc(s.Choices, func(c Choice) bool { return c.Value == value })
}

// Configure stores what was chosen for a flow's settings.
func (s *Service) Configure(ctx context.Context, connectionID int64, name string, version int32, chosen map[string]string, actor audit.Actor) error {
	d, err := s.Definition(name)
	if err != nil {
		return err
	}
	values, wrong := map[string]string{}, map[string]string{}
	for _, setting := range d.Settings {
		values[setting.Name] = chosen[setting.Name]
		if !setting.offers(chosen[setting.Name]) {
			wrong[setting.Name] = "Choose one of these."
		}
	}
	if len(wrong) > 0 {
		return fault.InvalidFields(wrong)
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("write settings of %s: %w", name, err)
	}
	return s.change(ctx, connectionID, name, "configured", string(raw), actor, func(db *sqlc.Queries) (int64, error) {
		return db.ConfigureFlow(ctx, sqlc.ConfigureFlowParams{ConnectionID: connectionID, Name: name, Version: version, Settings: raw})
	})
}

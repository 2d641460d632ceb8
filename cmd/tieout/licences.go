package main

import (
	"context"
	_ "embed"
	"io"
)

// licences are the texts of the licences of others' work that is in this program.
//
//go:embed licences.txt
var licences string

// runLicences prints them.
func runLicences(_ context.Context, env environment, args []string) error {
	if err := flags("licences", env).Parse(args); err != nil {
		return err
	}
	_, err := io.WriteString(env.stdout, licences)
	return err
}

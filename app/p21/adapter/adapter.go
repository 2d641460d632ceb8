// Package adapter picks the adapter of a P21 connection by its name.
package adapter

import (
	"fmt"

	"tieout/app/p21"
	"tieout/app/p21/native"
	"tieout/app/p21/seedv2"
)

// Open returns the system of cfg.Company through the named adapter,
// p21.SeedV2 or p21.Native. Keep it as long as the connection's settings stay
// the same: it holds the one token that all callers share.
func Open(name string, cfg p21.Config) (p21.System, error) {
	var system p21.System
	var err error
	switch name {
	case p21.SeedV2:
		system, err = seedv2.New(cfg)
	case p21.Native:
		system, err = native.New(cfg)
	default:
		err = &p21.Error{Operation: "open P21", Type: p21.Validation, Message: fmt.Sprintf("there is no adapter called %q", name)}
	}
	if err != nil {
		return nil, err
	}
	return system, nil
}

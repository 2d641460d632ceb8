// Package tieout holds the rules of the tree itself: its test checks that
// imports go down the floors and that borders are kept.
package tieout

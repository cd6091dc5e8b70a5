// Package wfpsync keeps a Cloudflare Workers for Platforms account in the shape
// that a stack file describes. It does for programs what the command of the
// same name does for people: for a service that signs customers up, a bot that
// reviews pull requests, or a test that runs a whole platform.
//
// Open a stack file, connect to an account, plan, apply:
//
//	project, err := wfpsync.Open("wfpsync.yaml", wfpsync.Options{})
//	account, err := wfpsync.Connect(ctx, wfpsync.ConnectOptions{Token: token, AccountID: project.Stack().AccountID})
//	plan, err := project.Plan(ctx, account, planner.Options{})
//	result, err := account.Apply(ctx, plan, applier.Options{Secret: project.Secret}, nil)
//
// A [planner.Plan] is plain data: read its Changes before you apply it, write
// it to a file with [planner.Write], or show it to a person. It may hold
// changes that a guard or another owner blocks, and cannot be applied while it
// does. [planner.NewDrift] derives the drift from a plan, and [Account.Import]
// goes the other way, from an account to a stack file.
//
// To try all of that without an account, or to test your own program, open an
// account on this machine with [OpenLocal] and connect to that.
//
// Nothing here prints, reads the environment or ends the process, and no
// package keeps state of its own: the account is the state. The types of a
// stack and of an account's resources are in package spec, and those of
// diagnostics in package diag.
package wfpsync

// defaultUserAgent is the name of the program in requests and plans by default.
const defaultUserAgent = "wfpsync"

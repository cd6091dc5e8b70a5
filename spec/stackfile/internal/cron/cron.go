// Package cron knows the platform's dialect of cron. What it takes beyond this is not
// documented. Source: Workers documentation, "Cron Triggers", supported cron expressions.
package cron

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// field is one of the five fields of a cron expression.
type field struct {
	name     string
	min, max int
	names    []string // of the values from min on

	last    bool // L: the last day of the month, or 5L: its last such weekday
	workday bool // 15W: the working day next to a day
	nth     bool // 5#2: the second such weekday of the month
}

var allFields = []field{
	{name: "minute", max: 59},
	{name: "hour", max: 23},
	{name: "day of the month", min: 1, max: 31, last: true, workday: true},
	{name: "month", min: 1, max: 12, names: strings.Fields("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC")},
	{name: "day of the week", min: 1, max: 7, names: strings.Fields("SUN MON TUE WED THU FRI SAT"), last: true, nth: true},
}

// Fault is what is wrong with an expression, and what to do.
type Fault struct{ Message, Hint string }

const wholeHint = "write minute, hour, day of the month, month and day of the week, as in \"30 4 * * MON-FRI\""

// Check returns what is wrong with a cron expression; zero when nothing is.
func Check(cron string) Fault {
	fields := strings.Fields(cron)
	if len(fields) != len(allFields) {
		return Fault{fmt.Sprintf("it needs five fields and has %d", len(fields)), wholeHint}
	}
	for i, text := range fields {
		for part := range strings.SplitSeq(text, ",") {
			if !allFields[i].takes(strings.ToUpper(part)) {
				return Fault{fmt.Sprintf("%q is not a valid %s", part, allFields[i].name), allFields[i].hint()}
			}
		}
	}
	return Fault{}
}

func (f field) hint() string {
	hint := fmt.Sprintf("write %d to %d, *, a list with commas, a range or a step, as in */2", f.min, f.max)
	if f.nth {
		hint = "write 1 for Sunday to 7 for Saturday, or SUN to SAT, *, a list with commas, a range, 6L for the last Friday or 2#1 for the first Monday"
	} else if f.workday {
		hint += ", L for the last day or 15W for the working day next to the 15th"
	} else if f.names != nil {
		hint += ", or JAN to DEC"
	}
	return hint
}

// takes reports whether one part of a list, in upper case, is of the field.
func (f field) takes(part string) bool {
	body, step, stepped := strings.Cut(part, "/")
	if n, err := strconv.Atoi(step); stepped && (err != nil || n < 1 || n > f.max) {
		return false
	}
	from, to, isRange := strings.Cut(body, "-")
	day, nth, isNth := strings.Cut(body, "#")
	before, isLast := strings.CutSuffix(body, "L")
	near, isWorkday := strings.CutSuffix(body, "W")
	switch {
	case body == "*":
		return true
	case isNth:
		return f.nth && !stepped && f.isValue(day) && slices.Contains([]string{"1", "2", "3", "4", "5"}, nth)
	case f.workday && isWorkday:
		return !stepped && (near == "L" || f.isValue(near))
	case f.last && isLast:
		return !stepped && (before == "" || f.nth && f.isValue(before))
	case f.workday && isRange && from == "L":
		return !stepped && f.isValue(to) // so many days before the last
	case isRange:
		return f.isValue(from) && f.isValue(to)
	}
	return f.isValue(body)
}

func (f field) isValue(text string) bool {
	if slices.Contains(f.names, text) {
		return true
	}
	n, err := strconv.Atoi(text)
	return err == nil && n >= f.min && n <= f.max && text[0] != '+' && text[0] != '-'
}

package api

import (
	"net/http"
	"strings"

	"github.com/wfpsync/wfpsync/internal/emulator/store"
)

func (s *Server) scheduleRoutes() []route {
	const one = "/accounts/{account}/workers/scripts/{script}/schedules"
	return []route{
		{"GET", one, s.getSchedules},
		{"PUT", one, s.putSchedules},
	}
}

type scheduleView struct {
	Cron       string    `json:"cron"`
	CreatedOn  timestamp `json:"created_on"`
	ModifiedOn timestamp `json:"modified_on"`
}

type schedulesView struct {
	Schedules []scheduleView `json:"schedules"`
}

func viewSchedules(script store.Script) schedulesView {
	view := schedulesView{Schedules: []scheduleView{}}
	for _, schedule := range script.Schedules {
		view.Schedules = append(view.Schedules, scheduleView{
			Cron: schedule.Cron, CreatedOn: timestamp(schedule.CreatedOn), ModifiedOn: timestamp(schedule.ModifiedOn),
		})
	}
	return view
}

func (s *Server) getSchedules(c *call) (reply, error) {
	var view schedulesView
	err := s.readScript(c, workers{}, func(_ *store.Tx, script store.Script) error {
		view = viewSchedules(script)
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(view)
}

// putSchedules replaces all cron triggers of a Worker. Those that existed
// before keep their creation date.
func (s *Server) putSchedules(c *call) (reply, error) {
	var body []struct {
		Cron string `json:"cron"`
	}
	if err := c.json(&body, errMalformedJSON); err != nil {
		return reply{}, err
	}
	for _, schedule := range body {
		if len(strings.Fields(schedule.Cron)) != 5 {
			return reply{}, fail(http.StatusBadRequest, workersMalformedParameter,
				"%q is not a cron expression: it needs five fields", schedule.Cron)
		}
	}
	script, err := s.adjustScript(c, workers{}, func(_ *store.Tx, script *store.Script) error {
		created := map[string]store.Schedule{}
		for _, schedule := range script.Schedules {
			created[schedule.Cron] = schedule
		}
		var next []store.Schedule
		for _, wanted := range body {
			schedule, existed := created[wanted.Cron]
			if !existed {
				schedule = store.Schedule{Cron: wanted.Cron, CreatedOn: s.now(), ModifiedOn: s.now()}
			}
			next = append(next, schedule)
		}
		script.Schedules = next
		return nil
	})
	if err != nil {
		return reply{}, err
	}
	return ok(viewSchedules(script))
}

// Compare measures what a client sees when the MASTER of a group is lost, stopped or
// killed, and what one group costs in memory: with this program, with ucarp and with
// keepalived, one after the other in the same namespaces. Scripts/compare builds and
// runs it.
//
//	compare -binary PATH [-tries N]
//
// It prints the median of the tries. It exits with status 0 if every measurement could
// be taken, whatever came out.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"text/tabwriter"
	"time"

	"golang.org/x/sys/unix"
)

// limit is how long one try may take.
const limit = 90 * time.Second

func main() {
	binary := flag.String("binary", "", "the `path` of the ifconfig-carp to measure")
	tries := flag.Int("tries", 3, "how often each measurement is taken, `times`")
	flag.Parse()
	if *binary == "" || *tries < 1 || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, unix.SIGTERM, unix.SIGHUP)
	defer stop()
	if err := compare(ctx, *binary, *tries); err != nil {
		fmt.Fprintf(os.Stderr, "compare: FAILED: %v\n", err)
		os.Exit(1)
	}
}

// compare prints one row for each fault, and one for the memory.
func compare(ctx context.Context, binary string, tries int) error {
	programs := []speaker{ours{binary}, ucarp{}, keepalived{}}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "median of ", tries)
	for _, p := range programs {
		fmt.Fprint(out, "\t", p.name())
	}
	fmt.Fprintln(out)
	memory := make([][]int64, len(programs))
	for _, f := range faults {
		fmt.Fprint(out, f.what)
		for n, p := range programs {
			var seen []outcome
			for range tries {
				o, err := try(ctx, p, f)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", p.name(), f.what, err)
				}
				seen = append(seen, o)
				memory[n] = append(memory[n], o.memory)
			}
			slices.SortFunc(seen, func(a, b outcome) int { return int(a.gap - b.gap) })
			fmt.Fprint(out, "\t", seen[len(seen)/2])
		}
		fmt.Fprintln(out)
	}
	fmt.Fprint(out, "memory of the MASTER (PSS)")
	for n := range programs {
		slices.Sort(memory[n])
		fmt.Fprintf(out, "\t%.1f MB", float64(memory[n][len(memory[n])/2])/(1<<20))
	}
	fmt.Fprintln(out)
	return out.Flush()
}

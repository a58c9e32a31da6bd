package cli

import (
	"bytes"
	"context"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/go-cmp/cmp"
	"github.com/ifconfig-carp/ifconfig-carp/internal/completion"
	"github.com/ifconfig-carp/ifconfig-carp/internal/show"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/sysctl"
)

// asked stands for the program while a shell completes: what its scripts ask it.
const asked = `#!/bin/sh
case "$*" in
-l) echo carp0 carp2 uplink ;;
'-j red -l') echo carp9 ;;
'-f inet:cidr,inet6:cidr carp0')
	printf 'carp0: flags=8<LOOPBACK> metric 0 mtu 1500\n\tinet 10.0.0.5/24 \n\tinet6 2001:db8::5/64 \n\tcarp: INIT vhid 1\n' ;;
*) echo "not to be asked: $*" >&2; exit 1 ;;
esac
`

func parserForTest(t *testing.T) *kong.Kong {
	t.Helper()
	parser, err := kong.New(&model{}, kong.NoDefaultHelp())
	if err != nil {
		t.Fatal(err)
	}
	return parser
}

// offered are the words that may stand at a place, with their synonyms.
func offered(places ...completion.Place) (names []string) {
	for _, w := range words.All() {
		if slices.Contains(places, placeOf(w)) {
			names = append(append(names, w.Name), w.Synonyms...)
		}
	}
	return names
}

func netstatNames() (names []string) {
	for _, o := range netstatOptionNames() {
		names = append(names, o.Names...)
	}
	return names
}

func beginning(with string, names []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !strings.HasPrefix(name, with) })
}

// completions are lines and all that is offered at their end.
func completions(t *testing.T) map[string][]string {
	var commands, knobs, options, devices []string
	for _, c := range subcommands() {
		commands = append(commands, c.Name)
	}
	for _, k := range sysctl.Knobs() {
		knobs = append(knobs, k.Name)
	}
	for _, f := range parserForTest(t).Model.Flags {
		options = append(options, optionNames(f)...)
	}
	data, err := os.ReadFile("/proc/net/dev")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^ *(\S+):`).FindAllSubmatch(data, -1) {
		if string(m[1]) != "lo" {
			devices = append(devices, string(m[1]))
		}
	}
	const anywhere, leading, deleting = completion.Anywhere, completion.Leading, completion.Deleting
	shown := show.Families()
	names := []string{"carp", "carp0", "carp2", "uplink"}
	return map[string][]string{
		"ifconfig-carp ":                                slices.Concat(names, commands),
		"ifconfig-carp carp":                            {"carp", "carp0", "carp2"},
		"ifconfig-carp -":                               options,
		"ifconfig-carp --lay":                           {"--layout"},
		"ifconfig-carp -a ":                             shown,
		"ifconfig-carp -ul ":                            shown,
		"ifconfig-carp -l in":                           {"inet", "inet6"},
		"ifconfig-carp -f inet6:":                       {"inet6:cidr", "inet6:default", "inet6:numeric"},
		"ifconfig-carp -vf eth":                         {"ether:colon", "ether:dash", "ether:default", "ether:dotted"},
		"ifconfig-carp -f inet:cidr,inet6:cidr upl":     {"uplink"},
		"ifconfig-carp -finet:cidr carp2 vh":            {"vhid"},
		"ifconfig-carp --layout ":                       show.Layouts(),
		"ifconfig-carp --layout openbsd carp":           {"carp", "carp0", "carp2"},
		"ifconfig-carp -j red carp":                     {"carp", "carp9"},
		"ifconfig-carp -kjred carp":                     {"carp", "carp9"},
		"ifconfig-carp -g carp ":                        {"-carpdemote", "carpdemote"},
		"ifconfig-carp -g carp -ca":                     {"-carpdemote"},
		"ifconfig-carp -gcarp -carpdemote ":             nil,
		"ifconfig-carp -g carp carpdemote ":             nil,
		"ifconfig-carp -ag carp ":                       shown,
		"ifconfig-carp -g ":                             nil,
		"ifconfig-carp carp0 ":                          slices.Concat(offered(anywhere, deleting, leading, completion.Sole), shown),
		"ifconfig-carp uplink adv":                      {"advbase", "advskew"},
		"ifconfig-carp carp ":                           offered(completion.New),
		"ifconfig-carp carp1 ":                          offered(completion.New),
		"ifconfig-carp carp1 create ":                   offered(anywhere, deleting, leading, completion.Creating),
		"ifconfig-carp carp1 create vhid 1 back":        beginning("back", offered(anywhere, completion.Creating)),
		"ifconfig-carp eth0 ":                           slices.Concat(offered(anywhere, deleting, leading), shown),
		"ifconfig-carp eth0 vhid 1 ":                    offered(anywhere, deleting),
		"ifconfig-carp carp0 vhid ":                     nil,
		"ifconfig-carp carp0 vhid 1 advskew ":           nil,
		"ifconfig-carp carp0 pass ":                     nil,
		"ifconfig-carp carp0 pass v":                    nil,
		"ifconfig-carp carp0 pass destroy vh":           {"vhid"},
		"ifconfig-carp carp0 pass 'vhid 1' carpd":       beginning("carpd", offered(anywhere)),
		"ifconfig-carp carp0 inet6 2001:db8::1 advb":    {"advbase"},
		"ifconfig-carp carp0 carpdev ":                  devices,
		"ifconfig-carp carp0 state ":                    {"backup", "master"},
		"ifconfig-carp carp1 create backing ":           {"macvlan", "tun"},
		"ifconfig-carp carp0 destroy ":                  nil,
		"ifconfig-carp carp0 -alias 2001:db8:":          {"2001:db8::5/64"},
		"ifconfig-carp carp0 delete 10":                 {"10.0.0.5/24"},
		"ifconfig-carp carp0 passfile sec":              {"secret.txt"},
		"ifconfig-carp sysctl ":                         knobs,
		"ifconfig-carp sysctl -n net.inet.carp.p":       beginning("net.inet.carp.p", knobs),
		"sysctl-carp net.inet.carp.a":                   beginning("net.inet.carp.a", knobs),
		"ifconfig-carp sysctl -f sec":                   {"secret.txt"},
		"ifconfig-carp rc ":                             slices.Collect(maps.Keys(rcVerbs)),
		"ifconfig-carp rc start -":                      slices.Collect(maps.Keys(rcFlags)),
		"ifconfig-carp rc start -f oth":                 {"other.txt"},
		"ifconfig-carp rc -f x stop carp":               {"carp0", "carp2"},
		"ifconfig-carp rc start --wait ":                nil,
		"ifconfig-carp rc lint sec":                     {"secret.txt"},
		"ifconfig-carp rc lint -":                       {lintJSON},
		"ifconfig-carp rc lint --json oth":              {"other.txt"},
		"ifconfig-carp rc import -":                     nil,
		"ifconfig-carp netstat -":                       netstatNames(),
		"ifconfig-carp netstat ":                        nil,
		"ifconfig-carp completion ":                     completion.Shells(),
		"ifconfig-carp completion zsh ":                 nil,
		"ifconfig-carp -j red completion b":             {"bash"},
		"ifconfig-carp carp0 description \"a: b\" netm": {"netmask"},
	}
}

// What the real shells offer.
func TestCompletion(t *testing.T) {
	cases := completions(t)
	lines := make([]string, 0, len(cases))
	for line := range cases {
		lines = append(lines, line)
	}
	slices.Sort(lines)
	for shell, argv := range map[string][]string{
		"bash": {"bash", "--norc", "complete.bash"},
		"zsh":  {"zsh", "-f", "complete.zsh"},
		"fish": {"fish", "--no-config", "complete.fish"},
	} {
		t.Run(shell, func(t *testing.T) {
			t.Parallel()
			var wg sync.WaitGroup // a shell at a terminal mostly waits
			for part := range slices.Chunk(lines, 2) {
				wg.Go(func() {
					got := complete(t, shell, argv, part)
					for n := range got {
						want := slices.Clone(cases[part[n]])
						slices.Sort(want)
						want = slices.Compact(want)
						if diff := cmp.Diff(append([]string{}, want...), append([]string{}, got[n]...)); diff != "" {
							t.Errorf("%q (-want +got):\n%s", part[n], diff)
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// complete has a shell complete lines, and returns the candidates of each, sorted.
func complete(t *testing.T, shell string, argv, lines []string) (answers [][]string) {
	t.Helper()
	dir := t.TempDir()
	script, _ := completion.Script(shell, completionSpec(parserForTest(t)))
	for name, text := range map[string]string{"script": script, program: asked, "secret.txt": "", "other.txt": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Error(err)
		}
	}
	harness, err := filepath.Abs(filepath.Join("testdata", argv[len(argv)-1]))
	if err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	argv = append(slices.Clone(argv[:len(argv)-1]), harness, filepath.Join(dir, "script"))
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + dir + ":" + os.Getenv("PATH"), "HOME=" + dir, "TERM=dumb", "LC_ALL=C.UTF-8"}
	cmd.Stdin = strings.NewReader(strings.Join(lines, "\n") + "\n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	parts := strings.Split(string(out), "==\n")
	if err != nil || stderr.Len() > 0 || len(parts) != len(lines)+1 {
		t.Errorf("%s: %v: %s\n%d answers to %d lines:\n%s", shell, err, stderr.String(), len(parts)-1, len(lines), out)
		return nil
	}
	for _, part := range parts[:len(lines)] {
		answer := strings.Fields(part)
		slices.Sort(answer)
		answers = append(answers, slices.Compact(answer))
	}
	return answers
}

// Every word, option, knob and subcommand is in each script, and the subcommands are
// those of the model that are for people.
func TestCompletionIsComplete(t *testing.T) {
	parser := parserForTest(t)
	var names, commands, typed []string
	for _, w := range words.All() {
		names = append(append(names, w.Name), w.Synonyms...)
	}
	for _, f := range parser.Model.Flags {
		names = append(names, optionNames(f)...)
	}
	for _, k := range sysctl.Knobs() {
		names = append(names, k.Name)
	}
	names = slices.Concat(names, formats(), show.Layouts(), show.Families(), completion.Shells())
	for _, c := range subcommands() {
		commands = append(commands, c.Name)
		names = append(append(names, c.Name), c.Verbs...)
		for _, o := range c.Options {
			names = append(names, o.Names...)
		}
	}
	for _, shell := range completion.Shells() {
		script, _ := completion.Script(shell, completionSpec(parser))
		if left := regexp.MustCompile(`@[A-Z]+@`).FindString(script); left != "" {
			t.Errorf("%s: %s is not filled in", shell, left)
		}
		for _, name := range names {
			name = regexp.QuoteMeta(name)
			if shell == "zsh" {
				name = strings.ReplaceAll(name, ":", `\\?:`)
			}
			if !regexp.MustCompile(`[\s|('"]` + name + `[\s|)'":]`).MatchString(script) {
				t.Errorf("%s: nothing about %s", shell, name)
			}
		}
	}
	for _, child := range parser.Model.Children {
		if child.Name != "words" && child.Name != clone.SuperviseCommand {
			typed = append(typed, child.Name)
		}
	}
	slices.Sort(typed)
	slices.Sort(commands)
	if diff := cmp.Diff(typed, commands); diff != "" {
		t.Errorf("subcommands in completion.go (-model +completion):\n%s", diff)
	}
}

package cli

import (
	"fmt"

	"github.com/ifconfig-carp/ifconfig-carp/internal/bsderr"
	"github.com/ifconfig-carp/ifconfig-carp/internal/words"
	"github.com/ifconfig-carp/ifconfig-carp/pkg/clone"
	"golang.org/x/sys/unix"
)

// onParent turns a line of FreeBSD 10 and later, which has the vhid on the
// physical interface, into one for the carp interface with that vhid on that
// parent: an existing one, or the next to be created. It returns the name of the
// parent, which is empty for any other line, and for whoever may not ask.
func onParent(cloner *clone.Cloner, line *words.Line, may bool) (parent string, err error) {
	parent = line.Name
	switch {
	case !words.IsParent(parent) || line.Create || line.Destroy || cloner.Exists(parent):
		return "", nil
	case line.Unnumbered != "":
		return "", bsderr.New(line.Unnumbered+" requires vhid",
			parent+": not a carp interface; on a parent the vhid comes first: "+parent+" vhid 1 ...")
	case !may || line.Change.VHID == nil:
		return "", nil
	case line.Change.Name != nil: // it would be the parent's
		return "", bsderr.Errno("ioctl SIOCSIFNAME (set name)", unix.EOPNOTSUPP,
			fmt.Sprintf("%s: name %s: only carp interfaces are renamed here", parent, *line.Change.Name))
	}
	names, err := cloner.OnParent(parent, *line.Change.VHID)
	switch {
	case err != nil:
		return "", err
	case len(names) > 0:
		line.Name = names[0]
	default:
		line.Name, line.Create, line.Change.CarpDev = clone.Driver, true, &parent
	}
	return parent, nil
}

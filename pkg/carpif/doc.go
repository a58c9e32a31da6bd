// Package carpif is one carp interface at work: it joins the pure core of
// pkg/carp to the wire, the kernel, the knobs and the control socket in the
// loop of one goroutine, the owner.
//
// The invariants:
//
//   - Only the owner touches the machine, the record and the kernel. Readers
//     turn readiness and requests into values on channels and nothing else.
//   - A change is planned and checked whole before the first effect; what
//     fails later is undone (plan.go decides, apply.go acts).
//   - Before a timer is believed, the packet socket is drained: late is not
//     dead.
//   - A MASTER's addresses are in the kernel under a lease that only an
//     advertisement that went out renews.
package carpif

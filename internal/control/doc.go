// Package control is what the command line and a supervisor say to each other:
// the types, the client and the server of one Unix socket per carpN.
//
// A request is one line of JSON and so is its answer, so that socat(1) is
// client enough for a look. A connection may carry many requests, one after
// another. The socket has mode 0600 and the server asks the kernel who the
// caller is besides: the answers may hold the group's key.
package control

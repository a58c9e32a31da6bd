package clone

import (
	"context"

	"github.com/ifconfig-carp/ifconfig-carp/internal/link"
)

// News tells that something about this host's interfaces or addresses has changed, from
// now on until ctx ends. What happens while nobody takes it is one piece of news. The
// channel closes when no more can come.
func News(ctx context.Context) (<-chan struct{}, error) {
	kernel, err := link.Open()
	if err != nil {
		return nil, err
	}
	defer func() { _ = kernel.Close() }() // the watch goes on
	events, err := kernel.Watch(ctx)
	if err != nil {
		return nil, err
	}
	news := make(chan struct{}, 1)
	go func() {
		defer close(news)
		for range events {
			select {
			case news <- struct{}{}:
			default:
			}
		}
	}()
	return news, nil
}

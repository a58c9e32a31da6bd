package words

func linkWords() []row {
	return []row{
		{Word{Name: "up", Family: Link,
			Help: "take part in the election"}, func(p *parser, _ string) error { return p.setUp(true) }},
		{Word{Name: "down", Family: Link,
			Help: "bow out and leave the addresses to another host"}, func(p *parser, _ string) error { return p.setUp(false) }},
	}
}

func (p *parser) setUp(up bool) error {
	p.line.Change.Up = &up
	return nil
}

package spec

// KVPairsIn is the collection of the pairs in a KV namespace.
func KVPairsIn(namespace Address) Collection {
	return Collection{Kind: KindKVPair, Parent: namespace.Name}
}

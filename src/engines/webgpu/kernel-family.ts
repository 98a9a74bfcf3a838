/** What a kernel's text may depend on. */
type ConfigValue = string | number | boolean | undefined;

/** A flat object: two configurations of the same values are the same. */
type FlatConfig<Config> = { readonly [Name in keyof Config]: ConfigValue };

interface Node<Kernel> {
  kernel?: Kernel;
  readonly children: Map<string | number | boolean, Node<Kernel>>;
}

const newNode = <Kernel>(): Node<Kernel> => ({ children: new Map() });

/**
 * Kernels whose WGSL depends on a configuration: each is made once for the values of its configuration and found again
 * without putting a text together, since pipelines are remembered by the kernel object.
 * @param make its further parameters are handed on; the text may depend on them only as far as the configuration says
 */
export function kernelFamily<Config extends FlatConfig<Config>, Rest extends readonly unknown[], Kernel>(
  make: (config: Config, ...rest: Rest) => Kernel,
): (config: Config, ...rest: Rest) => Kernel {
  const root = newNode<Kernel>();
  return (config, ...rest) => {
    let node = root;
    for (const name in config) {
      const value: ConfigValue = config[name];
      if (value !== undefined) node = childOf(childOf(node, name), value);
    }
    return (node.kernel ??= make(config, ...rest));
  };
}

function childOf<Kernel>(node: Node<Kernel>, step: string | number | boolean): Node<Kernel> {
  let child = node.children.get(step);
  if (!child) node.children.set(step, (child = newNode()));
  return child;
}
